"""Pictures, files and notebooks of an explanation: what draws is imported when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import altair

    from nbexplain.explanation.record import Explanation
    from nbexplain.notebook.widgets import Explorer


class Forms:
    """How an explanation is shown and kept."""

    @property
    def _whole(self) -> Explanation:
        return cast("Explanation", self)

    def chart(
        self, kind: str = "importance", output: str | int | None = None, row: object = None
    ) -> altair.Chart | altair.LayerChart:
        """An Altair chart.

        Args:
            kind: "importance" or "local" (one row); of sequences, "lags" or "lag_map"; of texts
                "tokens"; of a training's latest (`watch.explanation`) "history".
            output: an output's name or position; None takes the one shown by default.
            row: a row's label, else its position in X, or a new row; needed for "local".
        """
        from nbexplain.notebook.charts import chart

        return chart(self._whole, kind, output=output, row=row)

    def explore(self, **traits: Any) -> Explorer:
        """The live view: importance bars, instance picker and the picked row, linked.

        Args:
            **traits: `feature`, `instance`, `other`, `rows`, `output`, `response`, `method`,
                `beside` to begin with, `selection`, `layout`; see `nbx.Explorer`.

        >>> import torch, nbexplain as nbx
        >>> explorer = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2)).explore(instance=1)
        >>> explorer.instance, explorer.close()
        (1, None)
        """
        from nbexplain.notebook.widgets import Explorer

        return Explorer(self._whole, **traits)

    def dock(self) -> None:
        """Show the panel beside the code, in the right sidebar, where it stays as cells scroll.

        It is the panel that a cell shows of the explanation, linked to it, and takes the place of
        what the notebook docked before; closed, it comes back by docking again. In JupyterLab and
        Notebook 7 the extension that is installed with nbexplain docks it; a page without it uses
        `sidecar` where that is installed, else the output of the cell, and says so; a terminal
        says what there is instead.
        """
        from nbexplain.notebook.dock import dock

        dock(self._whole)

    def save_html(self, path: str | Path) -> None:
        """Write one file that shows this explanation without a kernel and with the network off."""
        from nbexplain.notebook.report import save_html

        save_html(path, {self._whole.title: self._whole})

    def save(self, path: str | Path) -> None:
        """Write everything but the model and X to one file, without pickle; see `nbx.load`."""
        from nbexplain.explanation.storage import save

        save(self._whole, path)

    def __repr__(self) -> str:
        """The table as aligned text."""
        from nbexplain.notebook.report import plain_text

        return plain_text(self._whole)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        from nbexplain.notebook.widgets import mimebundle

        return mimebundle(self._whole)

    def _ipython_display_(self) -> None:
        from nbexplain.notebook.widgets import display

        display(self._whole)
