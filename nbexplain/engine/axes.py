"""Array types whose axes have names, checked while the tests run.

`Float[Tensor, "rows outputs *shape"]` is jaxtyping's notation. Users need not have jaxtyping:
without it the annotations are the plain array types and cost nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxtyping import Float, Float64, Int64, Real
else:
    try:
        from jaxtyping import Float, Float64, Int64, Real
    except ImportError:

        class _Plain:
            def __class_getitem__(cls, item: tuple[type, str]) -> Any:
                return item[0]

        Float = Float64 = Int64 = Real = _Plain

__all__ = ["Float", "Float64", "Int64", "Real"]
