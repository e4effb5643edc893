"""From an explanation to what the page is sent: the state of a session, its arrays packed.

The format is written down in `PROTOCOL.md` beside this file. Nothing here knows of widgets.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

State: TypeAlias = dict[str, Any]
"""JSON-like values with bytes among them, by trait."""

PROTOCOL = 1
#: Bytes of importances that a page gets unasked.
BUDGET = 1_000_000
#: Quantities per slice: share, low, high, direction.
QUANTITIES = 4


def state(explanation: Explanation, *, budget: int | None = BUDGET) -> State:
    """What a page needs to show `explanation` and to switch its response and output by itself.

    Args:
        explanation: what is shown.
        budget: bytes of importances to send at most (one slice always is); None sends all.
    """
    wanted = list(_slices(explanation))
    if budget is not None:
        size = QUANTITIES * len(explanation.features.names) * np.dtype("<f4").itemsize
        wanted = wanted[: max(budget // max(size, 1), 1)]
    answers = {explanation.response: explanation}
    for response, _ in wanted:
        if response not in answers:
            answers[response] = explanation.with_response(response)
    arrays = [importance(answers[response], output) for response, output in wanted]
    return {
        "_proto": PROTOCOL,
        "status": {"state": "ready"},
        "meta": {
            "title": explanation.title,
            "method": explanation.method,
            "scale": explanation.scale,
            "confidence": explanation.confidence,
            "rows": explanation.count,
            "outputs": list(explanation.outputs),
            "output": position(explanation, explanation.default_output),
            "response": explanation.response,
            "responses": [
                {"name": name, "notes": list(answers.get(name, explanation).notes)}
                for name in explanation.responses
            ],
            "slices": [
                {
                    "response": response,
                    "output": output,
                    "question": question(answers[response], output),
                }
                for response, output in wanted
            ],
        },
        "names": list(explanation.features.names),
        "importance": packed(np.stack(arrays)),
    }


def importance(explanation: Explanation, output: int | None) -> NDArray[np.float32]:
    """One slice, `[4, features]`: share, low, high (percent) and direction, in the data's order.

    Direction is mean / rms of the derivative, between −1 and 1: its sign is claimed where it is
    at least a half. NaN where there is no mean (outputs combined, groups) or no derivative.
    """
    found = explanation.importances(output)
    direction = np.full_like(found.rms, np.nan)
    np.divide(found.mean, found.rms, out=direction, where=found.rms > 0)
    return np.stack([found.share, found.low, found.high, direction]).astype("<f4")


def question(explanation: Explanation, output: int | None) -> str:
    """The sentence that a slice answers."""
    return explanation.question_about(output)


def position(explanation: Explanation, output: str | int | None) -> int | None:
    """Position of an output; None for all combined, which a single output never is.

    Raises:
        ValueError: no output has this name or position.
    """
    if len(explanation.outputs) == 1 and output is None:
        return 0
    if output is None:
        return None
    if isinstance(output, str):
        if output in explanation.outputs:
            return explanation.outputs.index(output)
    elif 0 <= output < len(explanation.outputs):
        return int(output)
    known = ", ".join(explanation.outputs[:10])
    raise ValueError(f"output={output!r} is not one of this explanation's outputs: {known}.")


def packed(array: NDArray[Any]) -> State:
    """An array with its dtype and shape, little-endian in C order.

    >>> packed(np.array([[1.0, 2.0]], "<f4"))
    {'dtype': '<f4', 'shape': [1, 2], 'data': b'\\x00\\x00\\x80?\\x00\\x00\\x00@'}
    """
    array = np.ascontiguousarray(array)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": array.tobytes()}


def to_json(value: object) -> str:
    """JSON with bytes as `{"base64": "…"}`, safe inside a `<script>` element.

    >>> print(to_json({"name": "</script>", "data": b"!"}))
    {"name": "\\u003c/script\\u003e", "data": {"base64": "IQ=="}}
    """
    text = json.dumps(value, default=_encoded, ensure_ascii=False)
    # A lone surrogate (legal in a str) has no UTF-8; what ends a script or a line is escaped too.
    return "".join(f"\\u{ord(c):04x}" if c in _ESCAPED or _is_lone(c) else c for c in text)


def bundle(name: str) -> str:
    """The text of a built module of the front end, "session" or "view".

    Raises:
        FileNotFoundError: a checkout without the bundle.
    """
    path = resources.files("nbexplain") / "static" / f"{name}.js"
    if not path.is_file():
        raise FileNotFoundError(
            "nbexplain's front end has not been built in this checkout; "
            "run `npm ci && npm run build` in it (or `make demo`), or `pip install nbexplain`."
        )
    return path.read_text(encoding="utf-8")


_ESCAPED = frozenset("<>&\u2028\u2029")


def _is_lone(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def _encoded(value: object) -> Mapping[str, str]:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")


def _slices(explanation: Explanation) -> Iterator[tuple[str, int | None]]:
    """Response and output of every slice, those nearest to what is shown first."""
    count = len(explanation.outputs)
    outputs: list[int | None] = [*range(count)] if count == 1 else [None, *range(count)]
    shown = position(explanation, explanation.default_output)
    outputs.sort(key=lambda output: output != shown)
    responses = sorted(explanation.responses, key=lambda name: name != explanation.response)
    for response in responses:
        for output in outputs:
            yield response, output


Progress: TypeAlias = Callable[[int, int | None], None]
"""How a running explanation reports: rows done, of how many (None: unknown)."""
