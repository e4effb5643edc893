"""The linked panel, or its views in cells of their own, as a person sees and uses them."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator

#: A classifier and a regression of eight inputs, on 400 rows with labels; some rows are wrong.
SETUP = """
import numpy as np, pandas as pd, torch
import nbexplain as nbx

torch.manual_seed(0)
draw = np.random.default_rng(0)
labels = [f"r{k:03d}" for k in range(400)]
X = pd.DataFrame(draw.normal(size=(400, 8)), columns=list("abcdefgh"), index=labels)
inputs = torch.tensor(X.values).float()
classifier = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 2))
regression = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
with torch.no_grad():
    classifier[0].weight *= 4  # far from linear
    regression[0].weight *= 4
    odds = classifier(inputs) @ torch.tensor([-1.0, 1.0])
    noisy = odds.numpy() + 0.2 * draw.normal(size=400)
    y = {
        "classifier": pd.Series(np.where(noisy > 0, "default", "repaid"), labels, name="state"),
        "regression": pd.Series(regression(inputs)[:, 0].numpy(), labels) + draw.normal(size=400),
    }
models = {"classifier": classifier, "regression": regression}

def explained(task, **options):
    return nbx.explain(models[task], X, y[task], progress=False, **options)

def shares(ex, rows):
    "λ over some kept rows in percent by feature, from their attributions: nothing is shared."
    names = list(ex.features.names)
    kept = [labels.index(row) for row in rows]
    output = 0 if ex.attributions.shape[1] == 1 else slice(None)
    squares = (np.asarray(ex.attributions)[np.isin(ex.rows, kept)][:, output] ** 2)
    roots = np.sqrt(squares.mean(0) if squares.ndim == 2 else squares.mean(0).sum(0))
    return dict(zip(names, (100 * roots / roots.sum()).tolist()))
"""


class Panel:
    """Views that stand in `place`: a cell or a whole page."""

    def __init__(self, place: Locator) -> None:
        self.place = place
        self.page = place.page
        self.bars = Bars(self.view("importance"))
        self.picker = Picker(self.view("instances"))
        self.local = Local(self.view("local"))

    def view(self, kind: str) -> Locator:
        return self.place.locator(f"[data-nbx-view={kind}][data-nbx-state=ready]")

    def drawn(self) -> Panel:
        """Wait until there are bars and instances."""
        self.bars.row().first.wait_for()
        self.picker.plot.wait_for()
        return self


class Bars:
    def __init__(self, view: Locator) -> None:
        self.view = view

    def row(self, feature: str | None = None) -> Locator:
        return self.view.locator(f"[data-feature='{feature}']" if feature else "[data-feature]")

    @property
    def names(self) -> list[str]:
        """Features from the top."""
        return self.row().evaluate_all("rows => rows.map((row) => row.dataset.feature)")

    @property
    def legend(self) -> str:
        return _text(self.view.locator(".nbx-legend"))

    @property
    def marks(self) -> Locator:
        """One on each bar while rows are brushed."""
        return self.view.locator(".nbx-track .nbx-brushed")

    @property
    def selected(self) -> Locator:
        return self.view.locator("[data-feature][aria-selected=true]")

    def brushed(self) -> dict[str, float]:
        """What the table behind the bars says over the brushed rows, in percent by feature."""
        self.view.locator("th", has_text="Over the brushed rows").wait_for(state="attached")
        rows = self.view.locator("table tbody tr").evaluate_all(
            "rows => rows.map((row) => [row.querySelector('th').textContent,"
            " row.lastElementChild.textContent])"
        )
        return {name: float(text.removesuffix(" %").removeprefix("<")) for name, text in rows}


class Picker:
    def __init__(self, view: Locator) -> None:
        self.view = view
        self.plot = view.locator("[data-nbx-plot]")
        self.chip = view.locator("[data-brushed]")
        self.search = view.get_by_role("searchbox")

    @property
    def text(self) -> str:
        return _text(self.view)

    @property
    def colour(self) -> str:
        """What colours mean, as the legend has it."""
        return _text(self.view.locator(".nbx-colour button").first)

    @property
    def label(self) -> Locator:
        """The label beside the ring of the picked row."""
        return self.view.locator(".nbx-picked text")

    def show(self, mode: str) -> None:
        self.view.locator(f"[data-mode={mode}]").click()

    def click(self, x: float, y: float, **options: Any) -> None:
        """A click at a share of the plot's width and height."""
        self.plot.scroll_into_view_if_needed()
        box = self._box()
        self.plot.click(position={"x": x * box["width"], "y": y * box["height"]}, **options)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> int:
        """Brush a box between two shares of the plot; gives how many rows that are."""
        self.plot.scroll_into_view_if_needed()
        mouse, box = self.view.page.mouse, self._box()
        at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
        mouse.move(*at[0])
        mouse.down()
        mouse.move(*at[1], steps=6)
        mouse.up()
        return self.brushed()

    def brushed(self) -> int:
        """How many rows are brushed."""
        self.chip.wait_for()
        said = re.match(r"[\d,]+", _text(self.chip))
        assert said, _text(self.chip)
        return int(said[0].replace(",", ""))

    def find(self, label: str) -> None:
        """Search for a row by its label."""
        self.search.fill(label)
        self.search.press("Enter")

    def _box(self) -> Any:
        box = self.plot.bounding_box()
        assert box
        return box


class Local:
    def __init__(self, view: Locator) -> None:
        self.view = view

    def of(self, label: str) -> Locator:
        """The way to leave this row, which is there while it is shown."""
        return self.view.get_by_role("button", name=f"Leave {label}", exact=True)

    @property
    def label(self) -> str:
        """The first row that is shown with its bars."""
        self.view.locator("[data-feature]").first.wait_for()
        leave = self.view.get_by_role("button", name=re.compile("^Leave "))
        return (leave.first.get_attribute("aria-label") or "").removeprefix("Leave ")

    @property
    def text(self) -> str:
        return _text(self.view)

    def rows(self) -> dict[str, dict[str, str]]:
        """What the table behind the bars says, by feature and column."""
        found = self.view.locator("table").evaluate(
            "table => { const text = (one) => [...one.querySelectorAll('th, td')]"
            ".map((cell) => cell.textContent); return [...table.rows].map(text); }"
        )
        head, *rows = found
        return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


class WhatIf:
    """The picked row with other values."""

    def __init__(self, view: Locator) -> None:
        self.view = view
        self.button = view.get_by_role("button", name="What if …")
        self.status = view.locator(".nbx-what-if [role=status]")

    def begun(self) -> WhatIf:
        """Let values be changed."""
        self.button.click()
        self.view.locator(".nbx-input").first.wait_for()
        return self

    def field(self, feature: str) -> Locator:
        return self.view.locator(f"[data-feature='{feature}'] .nbx-input")

    def change(self, feature: str, value: str) -> None:
        self.field(feature).fill(value)

    def back(self, feature: str) -> None:
        """Put a value back."""
        self.view.get_by_role("button", name=f"Put {feature} back", exact=True).click()

    @property
    def before(self) -> float:
        """The prediction at the row as it is."""
        return _number(self.view.locator(".nbx-said > b").first)

    def wait_for(self, prediction: float) -> None:
        """Until the prediction at the changed row is this one, as far as it is written."""
        said = self.view.locator("[data-edited] b")
        said.wait_for()
        self.view.page.wait_for_function(
            "([said, wanted]) => { const told = +said.textContent.replace('−', '-');"
            " return Math.abs(told - wanted) <= 0.0051 * Math.max(0.1, Math.abs(wanted)); }",
            arg=[said.element_handle(), prediction],
        )

    @property
    def ghosts(self) -> int:
        """Bars that show what was before."""
        return self.view.locator(".nbx-ghost").count()

    def near(self, label: str) -> Locator:
        return self.view.locator(".nbx-what-if").get_by_role("button", name=label)

    @property
    def nearest(self) -> list[str]:
        """Labels of the nearest real rows."""
        return self.view.locator(".nbx-what-if p button bdi").all_text_contents()


def _number(element: Locator) -> float:
    return float((element.text_content() or "").replace("−", "-"))


def _text(element: Locator) -> str:
    """What is there to read, without the white space of the layout."""
    return " ".join((element.text_content() or "").split())
