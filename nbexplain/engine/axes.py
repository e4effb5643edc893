"""Array types whose axes have names, checked while the tests run.

`Float[Tensor, "rows outputs *shape"]` is jaxtyping's notation. Users need not have jaxtyping:
without it the annotations are the plain array types and cost nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, Float64, Int64, Real, UInt8, UInt16
else:
    try:
        from jaxtyping import Float, Float32, Float64, Int64, Real, UInt8, UInt16
    except ImportError:

        class _Plain:
            def __class_getitem__(cls, item: tuple[type, str]) -> Any:
                return item[0]

        Float = Float32 = Float64 = Int64 = Real = UInt8 = UInt16 = _Plain

__all__ = ["Float", "Float32", "Float64", "Int64", "Real", "UInt8", "UInt16"]
