"""What a page asks of an explanation, and what it is answered (see `PROTOCOL.md`).

Messages may arrive on another thread, beside a running cell: what is here takes NumPy on what is
at hand. Only a row that was not kept, is changed or is held against others takes the model, which
waits until no cell runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray

from nbexplain.engine.accumulators import Sums
from nbexplain.engine.contributions import contributed, lags_of
from nbexplain.engine.importances import importances, percent, shares, weighed
from nbexplain.engine.lags import lag_sizes, last_importances
from nbexplain.engine.responses import chain
from nbexplain.engine.swept import CHUNK
from nbexplain.engine.windows import pooled, window
from nbexplain.explanation.sequences import check_lags
from nbexplain.notebook import wire
from nbexplain.notebook.instances import SAMPLE, single
from nbexplain.notebook.lags import described, lag_message
from nbexplain.notebook.picked import Answer, Content, of_contrast, of_row
from nbexplain.notebook.rows import Rows
from nbexplain.notebook.texts import Ranked
from nbexplain.notebook.widgets.editing import hypothetical
from nbexplain.notebook.widgets.running import sentence, when_free

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation
    from nbexplain.notebook.widgets.selection import Chosen

GONE = "This explanation is no longer in the kernel's memory: run its cell again."


class Asked(Protocol):
    """What a session is to its messages."""

    @property
    def explanation(self) -> Explanation | None:
        """What is shown."""
        ...

    @property
    def asked(self) -> dict[str, Content]:
        """What each page asked for last, of rows that are changed or held against others."""
        ...

    def check(self, name: str, value: Any) -> Any:
        """The value of a trait, or a sentence about what it may be."""
        ...

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a message to the page."""
        ...


def answer(session: Asked, content: Content, buffers: list[Any]) -> None:
    """Answer a message, in a sentence where it cannot be; others are ignored."""
    kind = content.get("t")
    if kind == "row":
        _row(session, content)
    elif kind == "edit":
        _edit(session, content)
    elif kind == "against":
        _against(session, content, buffers)
    elif (found := _ANSWERS.get(str(kind))) is not None:
        keys = ("t", *found[1])
        told = {key: content[key] for key in keys if key in content}
        _send(session, told, lambda explanation: found[0](session, explanation, content, buffers))


def news(explanation: Explanation, shown: Chosen, *, rows: bool) -> Iterator[Answer]:
    """What a page is told of newer numbers, unasked: the slice that is shown, and rows."""
    output = wire.position(explanation, shown.output) if shown.output else None
    if len(explanation.outputs) == 1:
        output = 0
    asked = explanation.with_response(shown.response)
    told: Content = {"response": shown.response, "output": output, "only": True}
    if shown.step is not None:
        told["step"] = shown.step
    message, buffers = _told_slice(asked, output, shown.step)
    yield {"t": "slice", **told, **message}, buffers
    if described(explanation):
        message, buffers = lag_message(asked, output, shown.step)
        yield {"t": "lags", **told, **message}, buffers
    if rows:
        yield wire.rows_message(explanation, SAMPLE)


def positions_in(buffers: list[Any]) -> NDArray[np.int64]:
    """The positions of rows that a message carries."""
    return np.frombuffer(buffers[0], "<u4").astype(np.int64) if buffers else np.zeros(0, np.int64)


def _send(session: Asked, told: Content, found: Callable[[Explanation], Answer]) -> None:
    explanation = session.explanation
    try:
        if explanation is None:
            raise ValueError(GONE)
        content, buffers = found(explanation)
    except Exception as error:
        session.send({**told, "error": sentence(error)})
    else:
        session.send({**told, **content}, buffers)


def _slice(session: Asked, explanation: Explanation, content: Content, _: object) -> Answer:
    response, output = session.check("response", content.get("response")), content.get("output")
    return _told_slice(explanation.with_response(response), output, content.get("step"))


def _told_slice(explanation: Explanation, output: int | None, step: int | None) -> Answer:
    values = wire.importance(explanation, output, step)
    told: Content = {"question": wire.question(explanation, output, step)}
    ranked = Ranked.of(explanation)
    if ranked is None:
        return told, [values.tobytes()]
    tokens = ranked.slice(explanation, output)
    return {**told, "tokens": tokens.shape[1]}, [values.tobytes(), tokens.tobytes()]


def _lags(session: Asked, explanation: Explanation, content: Content, _: object) -> Answer:
    response, output = session.check("response", content.get("response")), content.get("output")
    check_lags(explanation)
    return lag_message(explanation.with_response(response), output, content.get("step"))


def _instances(_: object, explanation: Explanation, *__: object) -> Answer:
    return wire.rows_message(explanation)


def _find(_: object, explanation: Explanation, content: Content, *__: object) -> Answer:
    return {"row": Rows(explanation).find(str(content.get("label")))}, []


def _subset(
    session: Asked, explanation: Explanation, content: Content, buffers: list[Any]
) -> Answer:
    """Shares over the kept ones of some rows."""
    response, output = session.check("response", content.get("response")), content.get("output")
    asked, swept = explanation.asked.switch(response), explanation.swept
    column = asked.column(output)
    counted = explanation.weights if column is None else np.eye(len(asked.names))[column]
    (places,) = np.nonzero(np.isin(swept.sample.positions, positions_in(buffers)))
    sample, total = swept.sample, None
    for start in range(0, len(places), CHUNK):
        rows = torch.from_numpy(places[start : start + CHUNK])
        outputs, jacobian = sample.outputs[rows], sample.jacobian[rows]
        spans = None if sample.spans is None else sample.spans[rows]
        if asked.additive:
            sums = contributed(jacobian, explanation.features, 0, spans)
        else:
            sums = Sums.of(chain(outputs, jacobian, asked.kind, response), 0, spans=spans)
        total = sums if total is None else total.merge(sums)
    features, scaling, told = explanation.features, explanation.scaling, {"rows": len(places)}
    share, cells = np.full(len(features), np.nan), np.full(len(features.owners), np.nan)
    own: list[NDArray[np.float64]] = []
    if total is not None and asked.additive:
        swept = replace(swept, sums={response: total})
        whole = pooled(swept, response, features)
        share = importances(
            whole.sums, whole.features, whole.scale, counted, explanation.confidence
        ).share
        if features.kind == "sequence":
            of_lags = lags_of(total, features)
            ones = np.ones(features.steps)
            own = [
                shares(
                    weighed(of_lags, ones, counted),
                    of_lags.seen,
                    of_lags.root,
                    explanation.confidence,
                ).share
            ]
        by_place = window(swept, response, features, scaling)
        total, features, scaling = by_place.sums, by_place.features, by_place.scale
    elif total is not None:
        of = last_importances if asked.definition == "lag0" else importances
        share = of(total, features, scaling, counted, explanation.confidence).share
    if features.kind != "sequence":
        return told, [single(share).tobytes()]
    if total is not None:
        cells = percent(lag_sizes(total, features, scaling, counted).ravel())
    found = [single(array).tobytes() for array in (share, cells, *own)]
    return {**told, "lags": features.steps}, found


SHOWN = ("response", "output", "step")

_ANSWERS: Mapping[str, tuple[Callable[..., Answer], tuple[str, ...]]] = {
    "slice": (_slice, SHOWN),
    "lags": (_lags, SHOWN),
    "instances": (_instances, ()),
    "find": (_find, ("label",)),
    "subset": (_subset, ("id",)),
}


def _row(session: Asked, content: Content) -> None:
    """A kept row at once, any other once no cell runs."""
    position: Any = content.get("row")
    told = {"t": "row", "row": position}

    def found(explanation: Explanation) -> Answer:
        row = Rows(explanation).kept(position)
        if row is None:
            if explanation.origin is None:
                raise ValueError(
                    "This row was not kept, and X and the model are no longer at hand: call "
                    "nbx.explain again, with keep= for more rows."
                )
            row = explanation.origin.row(position)
        return of_row(explanation, position, row)

    if isinstance(position, int) and _waits(session.explanation, position):
        when_free(lambda: _send(session, told, found))
    elif isinstance(position, int):
        _send(session, told, found)


def _edit(session: Asked, content: Content) -> None:
    """A row with other values once no cell runs; of those that wait, the newest of each page."""
    position: Any = content.get("row")
    if not isinstance(position, int):
        return
    told = {key: content.get(key) for key in ("t", "row", "client", "id")}

    def found(explanation: Explanation) -> Answer:
        row, about = hypothetical(explanation, content)
        answer, buffers = of_row(explanation, position, row)
        return {**answer, **about, "target": None}, buffers

    _newest(session, content, lambda: _send(session, told, found))


def _against(session: Asked, content: Content, buffers: list[Any]) -> None:
    """Rows held against a group, likewise."""
    rows: Any = content.get("rows")
    told = {key: content.get(key) for key in ("t", "client", "id")}
    group = positions_in(buffers)

    def found(position: int) -> Callable[[Explanation], Answer]:
        return lambda explanation: of_contrast(explanation, position, group)

    def each() -> None:
        for row in rows:
            _send(session, {**told, "row": row}, found(row))

    whole = isinstance(rows, list) and all(type(row) is int for row in cast("list[Any]", rows))
    if whole and len(group):
        _newest(session, content, each)


def _newest(session: Asked, content: Content, act: Callable[[], object]) -> None:
    """Act once no cell runs, unless the same page has asked the same kind of thing since."""
    page = f"{content.get('client')} {content.get('t')}"
    session.asked[page] = content

    def newest() -> None:
        if session.asked.get(page) is content:
            del session.asked[page]
            act()

    when_free(newest)


def _waits(explanation: Explanation | None, position: int) -> bool:
    """Whether this row takes the model."""
    if explanation is None or explanation.origin is None:
        return False
    return Rows(explanation).kept(position) is None
