"""Names that a user chooses from: the one meant, or a sentence that lists them."""

from collections.abc import Iterable
from difflib import get_close_matches


def choose(argument: str, name: str, names: Iterable[str]) -> str:
    """The name itself when it is one of `names`.

    Raises:
        ValueError: naming the argument, the nearest name and all of them (ten at most).

    >>> choose("method", "sensitivty", ["sensitivity"])
    Traceback (most recent call last):
        ...
    ValueError: method='sensitivty' is unknown: did you mean 'sensitivity'? Known: 'sensitivity'.
    """
    known = list(names)
    if name in known:
        return name
    near = get_close_matches(str(name), known, 1)
    hint = f"did you mean {near[0]!r}? Known: " if near else "known are "
    listed = ", ".join(map(repr, known[:10])) + (f" and {len(known) - 10} more" * (len(known) > 10))
    raise ValueError(f"{argument}={name!r} is unknown: {hint}{listed}.")
