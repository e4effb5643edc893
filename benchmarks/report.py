"""From results to the part of the README between `<!-- benchmarks -->` and its end."""

import math
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from benchmarks.constancy import Constancy
from benchmarks.contributions import Contest, Contrastive, Zoo
from benchmarks.live import Slowdown
from benchmarks.marks import Marking, Planted
from benchmarks.memory import Memory
from benchmarks.page import Update
from benchmarks.results import Results
from benchmarks.speed import Timing

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"


def rewrite(results: Results, readme: Path = README) -> None:
    """Put the rendering into a README that has both marks."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    readme.write_text(f"{before}{rendered(results)}{after}", encoding="utf-8")


def shown(readme: Path = README) -> str:
    """What stands in a README, marks included."""
    text = readme.read_text(encoding="utf-8")
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def rendered(results: Results) -> str:
    """The README's part, marks included."""
    parts = [
        *(
            _where(results),
            _speed(results.speed),
            _contests(results.contests),
            _contrasts(results.contrasts),
            _zoo(results.zoo),
            _rest(results),
            _updates(results.updates),
        ),
        *(
            _live(results.live),
            _marks(results.marking, results.planted),
            _constancy(results.constancy),
        ),
    ]
    return "\n\n".join([BEGIN, *parts, END])


def _where(results: Results) -> str:
    machine = results.machine
    versions = ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    return (
        f"Measured by `make bench` on {machine.processor}, {_cores(machine.cores)}, "
        f"{machine.memory:.0f} GB, {machine.system}, Python {machine.python} ({versions}). "
        "Times are in floors: a floor is one forward sweep and one backward sweep per output over "
        "the same batches, with the parameters frozen and nothing kept. Median of the ratios of "
        "runs that take turns, quartiles in brackets."
    )


def _cores(count: int) -> str:
    return "1 core" if count == 1 else f"{count} cores"


def _speed(timings: Sequence[Timing]) -> str:
    """A row for each contender on each network, a note of what its task lacks."""
    rows = [
        (
            timing.network,
            timing.contender.replace("nbexplain", "`nbx.explain`, intervals included")
            + (f" ({timing.remark})" if timing.remark else ""),
            str(timing.threads),
            _seconds(timing.seconds),
            f"**{_ratio(timing.ratio)}** [{_ratio(timing.low)}, {_ratio(timing.high)}]",
        )
        for timing in timings
    ]
    return _table(("network", "contender", "threads", "time", "floors"), rows)


def _contests(contests: Sequence[Contest]) -> str:
    """A row for each method."""
    rows = [
        (
            each.network,
            each.method,
            _seconds(each.seconds),
            _seconds(each.theirs),
            f"**{_ratio(each.ratio)}** [{_ratio(each.low)}, {_ratio(each.high)}]",
            f"{each.gap:.0e}, {each.their_gap:.0e}",
        )
        for each in contests
    ]
    heads = ("network", "method", "time", "captum's", "times faster", "gap, captum's")
    note = (
        "Contributions to all outputs against a baseline of zero, one thread (captum's integrated "
        "gradients with its default of 50 nodes; a gap is relative to the largest difference of "
        "outputs):"
    )
    return f"{note}\n\n{_table(heads, rows)}"


def _contrasts(contrasts: Sequence[Contrastive]) -> str:
    """One sentence."""
    each = ", ".join(
        f"{one.method} {_seconds(one.seconds)} [{_seconds(one.low)}, {_seconds(one.high)}]"
        for one in contrasts
    )
    first = contrasts[0]
    return (
        f"A picked row held against a brushed group of {first.references:,} rows "
        f"({first.network}), until the kernel has its answer for the page: {each}."
    )


def _zoo(zoo: Sequence[Zoo]) -> str:
    """A row for each library."""
    rows = [
        (each.by, str(each.exact), str(each.wrong), str(each.refused), f"{each.largest:.0e}")
        for each in zoo
    ]
    heads = ("DeepLIFT by", "adds up", "does not, silently", "refused", "largest silent gap")
    note = (
        f"DeepLIFT on {zoo[0].networks} networks written in as many ways, most of them with "
        "functions rather than modules (shap's own check, which would raise, is switched off; "
        "refused by all are those that autograd refuses):"
    )
    return f"{note}\n\n{_table(heads, rows)}"


def _rest(results: Results) -> str:
    table, imports = results.first_table, results.importing
    sizes = ", ".join(
        f"{each.name} {each.size:.1f} kB ({each.gzipped:.1f} gzipped)" for each in results.bundles
    )
    lines = (
        f"First table: {_seconds(table.later)} from `%explain model X y` to the table "
        f"({table.rows:,} × 23, in a kernel that has imported torch); {_seconds(table.first)} the "
        "first time, when the widgets load.",
        *(_memory(keep, list(each)) for keep, each in groupby(results.memory, _keep)),
        f"Import: {_seconds(imports.beyond)} beyond torch's own {_seconds(imports.torch)}.",
        f"Front end: {sizes}.",
    )
    return "\n".join(f"- {line}" for line in lines)


def _keep(memory: Memory) -> int | None:
    return memory.keep


def _memory(keep: int | None, streams: list[Memory]) -> str:
    held = "as many rows kept as fit 64 MB" if keep is None else f"{keep:,} rows kept"
    peaks = ", ".join(f"{each.peak:.0f} MB at {each.rows:,} rows" for each in streams)
    before = min(each.before for each in streams)
    return f"Peak memory of a stream, {held}: {peaks} ({before:.0f} MB once torch is imported)."


def _updates(updates: Sequence[Update]) -> str:
    """Milliseconds of every change: of the bars a row for each size, then of the panel."""
    bars = [update for update in updates if not update.instances]
    rows = [
        (f"{features:,}", *(_milliseconds(update) for update in each))
        for features, each in groupby(bars, lambda update: update.features)
    ]
    heads = ["features", *dict.fromkeys(update.change for update in bars)]
    note = (
        "Ranked bars in Chromium, ms from a change to the painted frame (95th percentile), the "
        "best of three runs:"
    )
    linked = [update for update in updates if update.instances]
    size = f"{linked[0].instances:,} instances × {linked[0].features} features"
    changes = [update.change for update in linked]
    return "\n\n".join(
        (
            note,
            _table(heads, rows),
            f"The linked panel of {size}, the same:",
            _table(changes, [[_milliseconds(update) for update in linked]]),
        )
    )


def _live(slowdowns: Sequence[Slowdown]) -> str:
    """A row for each network that trains."""
    rows = [
        (
            each.network,
            f"{each.budget:.0%}".replace("%", " %"),
            f"**{each.ratio:.3f}** [{each.low:.3f}, {each.high:.3f}]",
            f"{each.updates:.1f}",
            f"{each.rows:,}",
            f"{each.load:.1f}",
        )
        for each in slowdowns
    ]
    heads = ("network", "budget", "time", "updates a second", "rows of each", "load")
    note = (
        "Training under `nbx.watch`, in processor time of the same steps without (one thread; "
        "median of the ratios of trainings that take turns, quartiles in brackets; load is how "
        "many processes wanted to run beside it):"
    )
    return f"{note}\n\n{_table(heads, rows)}"


def _marks(markings: Sequence[Marking], planted: Sequence[Planted]) -> str:
    """A row for each network that a leak was planted in, sentences on drawn trainings."""
    rows = [
        (
            each.network,
            f"{each.prompt} of {each.runs}",
            f"{each.early} of {each.runs}",
            f"{each.before:.1f} %",
            f"{each.after:.1f} %",
        )
        for each in planted
    ]
    heads = ("network", "marked within two updates", "marked before", "its importance", "then")
    note = (
        f"A column becomes the label while a watch follows at its own pace, after "
        f"{planted[0].updates} updates:"
    )
    kinds = ("explained after every step to every tenth", "explained every 50 to 300 steps")
    drawn = " ".join(
        f"Trainings that are drawn, {kind}: {each.false} of {each.clean} clean ones are marked; of "
        f"{each.leaks} leaks {each.marked} are, {each.soon} no later than two updates after they "
        f"were half learned, and {each.prompt} of the {each.moved} that move their column by 12 "
        "points within two updates are marked by then."
        for kind, each in zip(kinds, markings, strict=True)
    )
    return f"{note}\n\n{_table(heads, rows)}\n\n{drawn}"


def _constancy(found: Constancy) -> str:
    """A sentence on the long run."""
    return (
        f"Live in JupyterLab for {found.seconds / 60:.3g} minutes, its panel open: between half of "
        f"the time and the end, {found.updates:,} updates later, the kernel held "
        f"{found.memory:+.1f} MB, {found.comms:+} comms and {found.widgets:+} widgets, the page "
        f"{found.heap:+.1f} MB, {found.nodes:+} nodes and {found.listeners:+} listeners."
    )


def _milliseconds(update: Update) -> str:
    if update.change == "first":
        return f"{update.median:.0f}"
    return f"{update.median:.1f} ({update.p95:.1f})"


def _ratio(value: float) -> str:
    """Three figures: a ratio of 168,974 is known to no more."""
    digits = 2 - math.floor(math.log10(value))
    return f"{round(value, digits):,.{max(0, min(2, digits))}f}"


def _seconds(value: float) -> str:
    if value < 1:
        return f"{1000 * value:.3g} ms"
    return f"{value:.3g} s" if value < 120 else f"{value / 3600:.2g} h"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(re.sub(r"\|", r"\\|", c) for c in row) + " |" for row in lines
    )
