"""Attribution methods: configuration in, attributions out; one method a file."""

from nbexplain.choices import choose
from nbexplain.methods.sensitivity import Sensitivity

METHODS = {Sensitivity.name: Sensitivity}
"""Method classes by the name that `method=` takes."""

Method = Sensitivity
"""What `method=` may be, besides a name."""


def resolve(method: object) -> Method:
    """The method object that `method=` means.

    Raises:
        ValueError: for an unknown name.
        TypeError: for anything that is neither a name nor a method object.
    """
    if isinstance(method, str):
        return METHODS[choose("method", method, METHODS)]()
    if isinstance(method, tuple(METHODS.values())):
        return method
    raise TypeError(
        f"method={method!r} is neither a name nor a method object: "
        f"pass one of {', '.join(map(repr, METHODS))}, or for example nbx.Sensitivity()."
    )


__all__ = ["METHODS", "Method", "Sensitivity", "resolve"]
