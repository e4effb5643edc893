"""From an explanation to what the page is sent: the state of a session, its arrays packed.

The format is written down in `PROTOCOL.md` beside this file. Nothing here knows of widgets.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
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
    answers = {name: explanation.with_response(name) for name in responses(explanation)}
    wanted = list(_slices(explanation, answers))
    if budget is not None:
        size = QUANTITIES * len(explanation.features.names) * np.dtype("<f4").itemsize
        wanted = wanted[: max(budget // max(size, 1), 1)]
    arrays = [importance(answers[response], output) for response, output in wanted]
    return {
        "_proto": PROTOCOL,
        "status": {"state": "ready"},
        "meta": {
            "title": text(explanation.title),
            "method": explanation.method,
            "scale": explanation.scale,
            "confidence": explanation.confidence,
            "rows": explanation.count,
            "outputs": [text(name) for name in explanation.outputs],
            "output": position(explanation, explanation.default_output),
            "response": explanation.response,
            "responses": [
                {"name": name, "notes": [text(note) for note in answer.notes]}
                for name, answer in answers.items()
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
        "names": [text(name) for name in explanation.features.names],
        "importance": packed(np.stack(arrays)),
    }


def responses(explanation: Explanation) -> list[str]:
    """Responses that are at hand: those that need no other pass over the rows.

    A page may ask for them while the kernel trains, on another thread.
    """
    swept = explanation.swept
    return [name for name in explanation.responses if swept.complete or name in swept.sums]


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
    return text(explanation.question_about(output))


def position(explanation: Explanation, output: str | int | None) -> int | None:
    """Position of an output; None for all combined, which a single output never is.

    Raises:
        ValueError: no output has this name or position.
    """
    column = explanation.asked.column(output)
    return None if column is None else explanation.asked.columns.index(column)


def packed(array: NDArray[Any]) -> State:
    r"""An array with its dtype and shape, little-endian in C order.

    >>> packed(np.array([[1.0, 2.0]], "<f4"))
    {'dtype': '<f4', 'shape': [1, 2], 'data': b'\x00\x00\x80?\x00\x00\x00@'}
    """
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": array.tobytes()}


def to_json(value: object) -> str:
    r"""JSON with bytes as `{"base64": "…"}`, safe inside a `<script>` element.

    >>> print(to_json({"name": "</script>", "data": b"!"}))
    {"name": "\u003c/script\u003e", "data": {"base64": "IQ=="}}
    """
    return json.dumps(value, default=_encoded, ensure_ascii=False).translate(_ESCAPES)


def text(value: object) -> str:
    """Text that has a UTF-8 form: a str may hold half a character (an unpaired surrogate)."""
    return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


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


_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def _encoded(value: object) -> Mapping[str, str]:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")


def _slices(explanation: Explanation, responses: Iterable[str]) -> Iterator[tuple[str, int | None]]:
    """Response and output of every slice, those nearest to what is shown first."""
    count = len(explanation.outputs)
    outputs: list[int | None] = [*range(count)] if count == 1 else [None, *range(count)]
    shown = position(explanation, explanation.default_output)
    outputs.sort(key=lambda output: output != shown)
    for response in sorted(responses, key=lambda name: name != explanation.response):
        for output in outputs:
            yield response, output
