"""A question put to a model and data: looked at once, settled, or refused in a sentence."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

from torch import Tensor, nn

from nbexplain.choices import choose
from nbexplain.data import Batch, Form, Source
from nbexplain.engine.responses import MANY, Kind
from nbexplain.explain.reading import Reading
from nbexplain.explain.subject import Select, Subject
from nbexplain.explanation.question import RESPONSES, Question, kind_of
from nbexplain.methods import DeepLift, Method
from nbexplain.model import Snapshot, check_function

Outputs = Sequence[str | int] | str | int | None


@dataclass(frozen=True, eq=False)
class Asked:
    """A question about a model and data that fit together.

    Attributes:
        question: in words and columns; its scale is still to be said.
        subject: the differentiated function.
        source: the rows, y read for this model.
        batch: the first rows.
        notes: what was noticed.
    """

    question: Question
    subject: Subject
    source: Source
    batch: Batch
    notes: tuple[str, ...]


def ask(
    snapshot: Snapshot,
    source: Source,
    response: str | Callable[..., object],
    outputs: Outputs,
    output_names: Sequence[str] | None,
    method: Method,
    rows: int,
    form: Form,
    sequence: int | None,
) -> Asked:
    """Look at what the model returns for the first rows, and settle what is differentiated.

    Args:
        snapshot: of the model.
        source: the rows.
        response: as `nbx.explain` takes it.
        outputs: as `nbx.explain` takes them.
        output_names: as `nbx.explain` takes them.
        method: how attributions are formed.
        rows: how many rows to look at.
        form: how the model takes its inputs.
        sequence: position of the sequence among inputs that are its states, or None.

    Raises:
        ValueError: for a response, outputs or names that this model and y do not have; for a
            model that cannot be differentiated row by row.
        TypeError: for a model that returns no floating tensor.
    """
    batch = source.head(rows)
    chosen = response if callable(response) else None
    if isinstance(response, str):
        choose("response", response, ("auto", *RESPONSES, "loss"))
    elif chosen is None:
        raise TypeError(
            f"response={response!r} is neither a name nor a function: pass 'raw', 'prob', "
            "'logodds', 'loss' or a function of what the model returns."
        )
    reading = Reading(
        snapshot,
        source.input_names,
        chosen,
        source.order,
        source.timed,
        form=form,
        sequence=sequence,
    )
    every = method.steps == "valid"
    picked, reading = reading.first(batch, every=every)
    width = picked.outputs.shape[1]
    if chosen is None:
        source = source.for_outputs(width)
        batch = source.head(rows)
        if reading.every(batch.target, width) and _are_codes(batch.target, width):
            source = copy(source)
            source.classes = tuple(map(str, range(width)))
    classes = source.classes if chosen is None else None
    kind = (
        "values"
        if chosen is not None
        else kind_of(
            picked.outputs,
            classes=classes is not None,
            sigmoid=snapshot.ends_in is nn.Sigmoid,
        )
    )
    continuous = batch.target is not None and source.classes is None
    auto = "logodds" if method.additive else "prob"
    kind, wanted = _settle(kind, response, width, continuous, auto)
    names, note = named_outputs(
        width, picked.names, output_names, classes, kind, source.target_name
    )
    columns = _columns(outputs, names)
    select = _select(kind, wanted, columns, width, chosen is not None, continuous)
    if select is None and not method.chained:
        # No chain rule leads from one response's attributions to another's.
        select = columns or tuple(range(width))
    subject = Subject(reading, picked, kind, wanted, select)
    checked = subject.side_by_side if every else subject.function
    check_function(
        checked(batch.target, batch.spans),
        snapshot.prepare(batch.inputs),
        snapshot.batch_statistics,
    )
    question = Question(
        method=method.name,
        response=wanted,
        kind=kind if select is None else "values",
        classifier=kind != "values",
        regression=continuous,
        names=_swept_names(names, select),
        columns=_every(select) if select is not None else columns or tuple(range(width)),
        among=width if select == "predicted" else 0,
        subject=source.target_name,
        scale="none",
        definition=method.definition,
        steps=method.steps,
        tokens=batch.ids is not None,
        additive=method.additive,
        network=kind,
        rule=method.rule if isinstance(method, DeepLift) else "",
    )
    doubt = None if classes is not None else reading.doubt(picked, batch)
    noted = [picked.note, doubt, note, *_integer_inputs(source, batch)]
    return Asked(question, subject, source, batch, tuple(n for n in noted if n))


def _are_codes(target: Tensor | None, width: int) -> bool:
    """Whether true values at every step are codes of so many classes."""
    if target is None or width < 2 or target.shape[2:] not in ((), (1,)):
        return False
    return bool(((target >= 0) & (target < width) & (target == target.floor())).all())


def _settle(
    kind: Kind,
    response: str | Callable[..., object],
    width: int,
    continuous: bool,
    auto: str,
) -> tuple[Kind, str]:
    """The response that is meant, `auto` of classes, and what it says of the outputs."""
    if callable(response):
        return kind, getattr(response, "__name__", type(response).__name__).strip("<>")
    if response == "auto":
        return kind, "raw" if kind == "values" else auto
    if kind == "values" and response in ("prob", "logodds"):
        if continuous:
            raise ValueError(
                f"response={response!r} is for classifiers, but y is continuous: leave response "
                "out, or pass y as strings, booleans or integers if it holds classes."
            )
        return "logits" if width > 1 else "logit", response
    return kind, response


def named_outputs(
    width: int,
    own: tuple[str, ...] | None,
    output_names: Sequence[str] | None,
    classes: tuple[str, ...] | None,
    kind: Kind,
    target_name: str | None,
) -> tuple[tuple[str, ...], str | None]:
    """Names of the network's outputs, and a note where y's classes cannot name them.

    Args:
        width: how many outputs there are.
        own: names that they came with; None without.
        output_names: as `nbx.explain` takes them.
        classes: of y; None where it holds none.
        kind: what the outputs are.
        target_name: y's name.

    Raises:
        ValueError: another number of names.
    """
    if output_names is not None:
        if isinstance(output_names, str) or len(output_names) != width:
            count = "one string" if isinstance(output_names, str) else f"{len(output_names)} names"
            raise ValueError(f"output_names is {count}, but the model has {width} outputs.")
        return tuple(map(str, output_names)), None
    if own is not None:
        return own, None
    if kind != "values" and classes is not None:
        if len(classes) == width:
            return classes, None
        if width == 1 and len(classes) == 2:
            return classes[1:], None
        return (
            tuple(f"y{k}" for k in range(width)),
            f"y holds {len(classes)} classes but the model has {width} outputs: they are named "
            "y0, y1, …; output_names= names them.",
        )
    if width == 1 and target_name is not None:
        return (target_name,), None
    return tuple(f"y{k}" for k in range(width)), None


def _columns(outputs: Outputs, names: tuple[str, ...]) -> tuple[int, ...] | None:
    """Positions of the outputs that the user names; None for all."""
    if outputs is None:
        return None
    wanted = [outputs] if isinstance(outputs, (str, int)) else list(outputs)
    if not wanted:
        raise ValueError("outputs is empty: name at least one output, or leave it out for all.")
    found: list[int] = []
    for output in wanted:
        if isinstance(output, str):
            found.append(names.index(choose("outputs", output, names)))
        elif isinstance(output, bool) or not hasattr(output, "__index__"):
            raise TypeError(f"outputs={output!r} is neither a name nor a position.")
        elif not -len(names) <= output < len(names):
            raise ValueError(
                f"outputs={output} is out of range: the model has {len(names)} outputs, "
                f"0 to {len(names) - 1}."
            )
        else:
            found.append(int(output) % len(names))
    return tuple(dict.fromkeys(found))


def _select(
    kind: Kind,
    response: str,
    columns: tuple[int, ...] | None,
    width: int,
    own: bool,
    continuous: bool,
) -> Select:
    """What of the outputs is swept: all, where one raw Jacobian serves, else what is asked for."""
    if response == "loss":
        return "loss"
    if columns is None:
        return "predicted" if width > MANY and not continuous and not own else None
    if kind == "values" or width > MANY:
        return columns
    return None


def _swept_names(names: tuple[str, ...], select: Select) -> tuple[str, ...]:
    if isinstance(select, str):
        return (select,)
    return names if select is None else tuple(names[column] for column in select)


def _every(select: Select) -> tuple[int, ...]:
    return tuple(range(len(select))) if isinstance(select, tuple) else (0,)


def _integer_inputs(source: Source, batch: Batch) -> list[str]:
    """Inputs that have no derivative; of texts, `Embedded` says which."""
    if batch.ids is not None:
        return []
    names = source.input_names or tuple(f"input {i}" for i in range(len(batch.inputs)))
    return [
        f"{name} holds integers ({str(x.dtype).removeprefix('torch.')}), which have no "
        "derivative: it is passed to the model and not ranked."
        for name, x in zip(names, batch.inputs, strict=True)
        if not x.is_floating_point()
    ]
