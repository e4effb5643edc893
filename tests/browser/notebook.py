"""One notebook in a page of Chromium, driven through Jupyter's own commands."""

from __future__ import annotations

import ast
import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import ConsoleMessage, Locator, Page

from tests.browser.server import Server

SCREENSHOTS = Path(__file__).parents[2] / "out" / "screenshots"
PATIENCE = 60_000  # milliseconds until a condition that is waited for has failed

PANEL = "window.jupyterapp.shell.currentWidget"
SESSION = "window.jupyterapp?.shell.currentWidget?.sessionContext"
KERNEL = f"{SESSION}?.session?.kernel"
IDLE = f"() => {KERNEL}?.status === 'idle' && {KERNEL}.connectionStatus === 'connected'"
# Asked of the kernel beside the notebook: no cell, no output, no number is used up.
ASK = f"""async (expression) => {{
  const request = {{
    code: '', silent: true, store_history: false, user_expressions: {{ answer: expression }} }};
  return (await {KERNEL}.requestExecute(request).done).content.user_expressions.answer;
}}"""
RUN = "window.jupyterapp.commands.execute"
ERRORS = f"""() => [...{PANEL}.content.model.cells]
  .flatMap((cell) => (cell.outputs?.toJSON() ?? []))
  .filter((output) => output.output_type === 'error')
  .map((output) => `${{output.ename}}: ${{output.evalue}}`)"""


class Notebook:
    """A notebook, its page and its kernel.

    Attributes:
        page: Playwright's page.
        console: errors the page wrote to its console or raised, as they come.
    """

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.console: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.console.append(str(error)))

    def open(self, cells: Sequence[str], name: str = "test.ipynb") -> None:
        """Write a notebook of these code cells and open it, with a kernel that is ready."""
        self._write(cells, name)
        self.visit(name)

    def open_beside(self, cells: Sequence[str], name: str) -> None:
        """The same in the page that is open, beside the notebook there."""
        self._write(cells, name)
        self.command("docmanager:open", {"path": name})
        self.page.wait_for_function(
            f"(name) => {PANEL}?.context?.path === name && ({IDLE})()", arg=name
        )

    def open_launcher(self, folder: str = "") -> None:
        """Open the bare page, whose launcher then is for this folder."""
        self._load("")
        self.command("filebrowser:go-to-path", {"path": folder})
        self.page.locator(".jp-Launcher-cwd", has_text=folder).wait_for()

    def visit(self, name: str = "test.ipynb", *, kernel: bool = True) -> None:
        """Open a notebook that is there; without a `kernel`, as one only reads it."""
        if kernel:
            self._load(name)
            self.page.wait_for_function(IDLE)
        else:
            self._load("")
            request = {"path": name, "factory": "Notebook"}
            request["kernelPreference"] = {"shouldStart": False, "canStart": False}
            self.command("docmanager:open", request)
            self.page.wait_for_function(f"() => {PANEL}?.content?.model?.cells?.length > 0")
            assert self.page.evaluate(f"() => !{KERNEL}"), "a kernel was started"

    def run(self, *, wait: bool = True) -> None:
        """Run all cells; `wait` until they are done."""
        if wait:
            self.command("notebook:run-all-cells")
        else:
            self.page.evaluate(f"() => {{ {RUN}('notebook:run-all-cells'); }}")

    def evaluate(self, expression: str) -> Any:
        """The value of a Python expression in the kernel; waits for a running cell to end."""
        answer = self.page.evaluate(ASK, f"__import__('json').dumps({expression})")
        assert answer["status"] == "ok", answer
        return json.loads(ast.literal_eval(answer["data"]["text/plain"]))

    def execute(self, statement: str) -> None:
        """Run a Python statement in the kernel, beside the notebook."""
        done = self.page.evaluate(
            f"async (code) => (await {KERNEL}.requestExecute({{ code }}).done).content", statement
        )
        assert done["status"] == "ok", done

    def wait_for(self, expression: str) -> None:
        """Until a Python expression is true in the kernel."""
        held = self.page.evaluate(
            f"""async ([expression, patience]) => {{
              const ask = {ASK}, end = Date.now() + patience;
              let answer;
              do {{ answer = await ask(expression); }}
              while (answer?.data?.['text/plain'] !== 'True' && Date.now() < end);
              return answer;
            }}""",
            [f"bool({expression})", PATIENCE],
        )
        assert held.get("data", {}).get("text/plain") == "True", (expression, held)

    def errors(self) -> list[str]:
        """What the cells raised."""
        return self.page.evaluate(ERRORS)

    def cell(self, index: int) -> Locator:
        """A cell with its outputs."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Run one of Jupyter's commands, to its end."""
        script = f"async ([name, options]) => {{ await {RUN}(name, options); }}"
        self.page.evaluate(script, [name, arguments or {}])

    def save(self) -> None:
        """Save the notebook to its file."""
        self.command("docmanager:save")

    def shut_down(self) -> None:
        """End the kernel and forget the page."""
        self.page.evaluate(f"async () => {{ await {SESSION}?.shutdown(); }}")
        self.page.goto("about:blank")

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Save a picture of the page, or of one element, to out/screenshots."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        (of or self.page).screenshot(path=path)
        return path

    @contextmanager
    def busy(self) -> Iterator[None]:
        """The notebook's last cell, `CELL_THAT_WAITS`, is running in here and has ended after."""
        gate = self.server.root / "gate"
        os.mkfifo(gate)
        self.run(wait=False)
        # Opening a pipe to write returns when the cell has opened it to read.
        opened: list[Any] = []
        opening = threading.Thread(target=lambda: opened.append(gate.open("w")), daemon=True)
        opening.start()
        opening.join(PATIENCE / 1000)
        assert opened, "the cell did not start to wait"
        # The kernel's own status would not do: whatever a subshell answers reports "idle".
        waiting = self.page.locator(".jp-Notebook .jp-Cell").last.get_by_text("[*]:")
        try:
            yield
            assert waiting.is_visible(), "the cell ended before it was let go"
        finally:
            opened[0].close()
            gate.unlink()
        waiting.wait_for(state="hidden")

    def _write(self, cells: Sequence[str], name: str) -> None:
        code = [nbformat.v4.new_code_cell(cell) for cell in cells]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel})
        nbformat.write(notebook, self.server.root / name)

    def _load(self, name: str) -> None:
        self.page.goto(self.server.url(name))
        self.page.wait_for_function("() => window.jupyterapp?.started")
        self.page.evaluate("async () => { await window.jupyterapp.restored; }")

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console.append(f"{message.text} ({message.location['url']})")


CELL_THAT_WAITS = "with open('gate') as gate: gate.read()"
