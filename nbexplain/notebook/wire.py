"""From an explanation to what the page is sent: the state of a session, its arrays packed.

The format is written down in `PROTOCOL.md` beside this file. Nothing here knows of widgets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nbexplain.notebook import lags, texts
from nbexplain.notebook.beside import methods
from nbexplain.notebook.instances import MESSAGE, SAMPLE, Limits, instances
from nbexplain.notebook.packing import State, bytes_of, described, packed, text, to_json
from nbexplain.notebook.picked import can_hold

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

__all__ = [
    "State",
    "bundle",
    "importance",
    "instances",
    "packed",
    "position",
    "question",
    "responses",
    "rows_message",
    "state",
    "text",
    "to_json",
]

PROTOCOL = 1
#: Bytes of names and importances that a page gets unasked.
BUDGET = 380_000
#: Quantities per slice: share, low, high, direction.
QUANTITIES = 4


def state(
    explanation: Explanation,
    *,
    budget: int | None = BUDGET,
    limits: Limits = SAMPLE,
    selection: State | None = None,
    link: str | None = None,
) -> State:
    """What a page needs to show `explanation`, to switch its response and output, and to link it.

    Args:
        explanation: what is shown.
        budget: bytes of names and importances to send at most (one slice always is); None sends
            all.
        limits: how many rows to send.
        selection: what is chosen; where rows are picked that were kept, these are sent.
        link: key of what is picked.
    """
    answers = {name: explanation.with_response(name) for name in responses(explanation)}
    wanted = list(_slices(explanation, answers))
    names = [text(name) for name in explanation.features.names]
    ranked = texts.Ranked.of(explanation)
    times = lags.lag_slices(
        explanation, answers, wanted, lags.SAVED if budget is None else lags.BUDGET
    )
    if budget is not None:
        limits = replace(limits, heavy=max(limits.heavy - lags.size_of(times), 0))
        sent = [*names, *(ranked.names if ranked else ())]
        budget -= sum(len(name.encode()) for name in sent)
        size = QUANTITIES * len(sent) * np.dtype("<f4").itemsize
        wanted = wanted[: max(budget // max(size, 1), 1)]
    arrays = [importance(answers[of.response], of.output, of.step) for of in wanted]
    picked = [(selection or {}).get(name) for name in ("instance", "other")]
    found = instances(explanation, limits, [row for row in picked if row is not None])
    return {
        "_proto": PROTOCOL,
        "status": {"state": "ready"},
        "meta": {
            "title": text(explanation.title),
            "method": explanation.method,
            "methods": methods(explanation),
            **(
                {"baseline": text(explanation.asked.baseline)} if explanation.asked.additive else {}
            ),
            **({"against": True} if can_hold(explanation) else {}),
            **({"by": text(explanation.asked.by)} if explanation.asked.by else {}),
            "scale": explanation.scale,
            "confidence": explanation.confidence,
            "rows": explanation.count,
            "outputs": [text(name) for name in explanation.outputs],
            **({"positive": text(positive)} if (positive := explanation.asked.positive) else {}),
            "output": position(explanation, explanation.default_output),
            "response": explanation.response,
            "responses": [
                {"name": name, "notes": [text(note) for note in answer.notes]}
                for name, answer in answers.items()
            ],
            "slices": [
                {
                    **shown.told,
                    "question": question(answers[shown.response], shown.output, shown.step),
                    **_tokens(ranked, answers[shown.response], shown.output),
                }
                for shown in wanted
            ],
            "lags": lags.described(explanation),
            **({"tokens": ranked.described} if ranked else {}),
        },
        "names": names,
        "importance": packed(np.stack(arrays)),
        "lags": times,
        "instances": {
            name: packed(value) if isinstance(value, np.ndarray) else value
            for name, value in found.items()
        },
        **({} if selection is None else {"selection": selection}),
        **({} if link is None else {"_link": link}),
    }


def rows_message(explanation: Explanation, limits: Limits = MESSAGE) -> tuple[State, list[Any]]:
    """The message with as many rows as there are, and its buffers."""
    found = instances(explanation, limits)
    arrays = {name: value for name, value in found.items() if isinstance(value, np.ndarray)}
    told = {name: described(array) for name, array in arrays.items()}
    message = {"t": "instances", "instances": {**found, **told}, "arrays": list(arrays)}
    return message, [bytes_of(array) for array in arrays.values()]


def responses(explanation: Explanation) -> list[str]:
    """Responses that are at hand: those that need no other pass over the rows.

    A page may ask for them while the kernel trains, on another thread.
    """
    swept = explanation.swept
    return [name for name in explanation.responses if swept.complete or name in swept.sums]


def importance(
    explanation: Explanation, output: int | None, step: int | None = None
) -> NDArray[np.float32]:
    """One slice, `[4, features]`: share, low, high (percent) and direction, in the data's order.

    Direction is mean / rms of the derivative, between −1 and 1: its sign is claimed where it is
    at least a half. NaN where there is no mean (outputs combined, groups) or no derivative.
    """
    found = explanation.importances(output, step)
    return np.stack([found.share, found.low, found.high, found.direction]).astype("<f4")


def question(explanation: Explanation, output: int | None, step: int | None = None) -> str:
    """The sentence that a slice answers."""
    asked = text(explanation.question_about(output))
    return asked if step is None else f"{asked}, output step {step}"


def position(explanation: Explanation, output: str | int | None) -> int | None:
    """Position of an output; None for all combined, which a single output never is.

    Raises:
        ValueError: no output has this name or position.
    """
    column = explanation.asked.column(output)
    return None if column is None else explanation.asked.columns.index(column)


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


def _tokens(ranked: texts.Ranked | None, answer: Explanation, output: int | None) -> State:
    """The shares of tokens that a slice of texts has."""
    return {} if ranked is None else {"tokens": packed(ranked.slice(answer, output))}


def _slices(explanation: Explanation, responses: Iterable[str]) -> Iterator[lags.Shown]:
    """What every slice is of, those nearest to what is shown first."""
    count = len(explanation.outputs)
    outputs: list[int | None] = [*range(count)] if count == 1 else [None, *range(count)]
    shown = position(explanation, explanation.default_output)
    outputs.sort(key=lambda output: output != shown)
    found = [
        lags.Shown(response, output)
        for response in sorted(responses, key=lambda name: name != explanation.response)
        for output in outputs
    ]
    yield from found
    if explanation.asked.steps == "valid":
        for every in found:
            yield from (every._replace(step=step) for step in range(explanation.features.steps))
