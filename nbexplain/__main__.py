"""`nbexplain demo` and `nbexplain lab`, also as `python -m nbexplain`."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbexplain

if TYPE_CHECKING:
    from nbclient.exceptions import CellExecutionError
    from nbformat import NotebookNode

PACKAGE = Path(nbexplain.__file__).parent
# In the wheel the notebooks lie inside the package, in a clone beside it.
TUTORIALS = next(p for p in (PACKAGE / "tutorials", PACKAGE.parent / "notebooks") if p.is_dir())
PRINTED = "importances"  # the tag of the cells whose tables `demo` prints


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (None: the process's own); returns the exit status."""
    parser = argparse.ArgumentParser(prog="nbexplain", description=nbexplain.__doc__)
    parser.add_argument("--version", action="version", version=nbexplain.__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    described = "run the quickstart notebook in a real kernel, print the importances it finds"
    demo_parser = commands.add_parser("demo", help=described, description=described)
    demo_parser.add_argument("--folder", type=Path, default=Path("out"), help="default: out")
    described = "open JupyterLab on a copy of the tutorials; options of `jupyter lab` pass through"
    lab_parser = commands.add_parser("lab", help=described, description=described)
    lab_parser.add_argument(
        "--folder",
        type=Path,
        default=Path("nbexplain-tutorials"),
        help="where the copy lies, kept as it is if it is there; default: nbexplain-tutorials",
    )
    options, rest = parser.parse_known_args(argv)
    if rest and options.command != "lab":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    missing = [
        name
        for name in ("jupyterlab", "nbclient", "sklearn")
        if importlib.util.find_spec(name) is None
    ]
    if missing:
        print(
            f"nbexplain {options.command} needs {', '.join(missing)}: "
            "pip install 'nbexplain[lab]' brings all that it takes.",
            file=sys.stderr,
        )
        return 1
    if options.command == "demo":
        return demo(options.folder)
    return lab(options.folder, rest)


def demo(folder: Path) -> int:
    """Execute the quickstart notebook and print the tables it finds.

    Leaves quickstart.ipynb, executed, and quickstart.html, which the notebook saves and which
    needs neither network nor kernel, in `folder`. Returns 0, or 1 where a cell failed.
    """
    import nbformat

    folder.mkdir(parents=True, exist_ok=True)
    notebook: NotebookNode = nbformat.read(TUTORIALS / "quickstart.ipynb", as_version=4)
    print("Running the quickstart notebook: two networks are trained and explained.", flush=True)
    failure = execute(notebook, folder)
    nbformat.write(notebook, folder / "quickstart.ipynb")
    for table in printed_tables(notebook):
        print(f"\n{table}")
    if failure is not None:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    print(f"\nThe executed notebook: {folder / 'quickstart.ipynb'}")
    print(f"One page, no network or kernel needed: {folder / 'quickstart.html'}")
    return 0


def execute(notebook: NotebookNode, folder: Path) -> CellExecutionError | None:
    """Execute a notebook in place, in a kernel of this Python that works in `folder`.

    Returns what a cell failed with, if one did; the cells after it are not executed.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    # No folder of kernels: this very Python, whatever "python3" means to the user's Jupyter.
    specs = KernelSpecManager(kernel_dirs=[])
    client = NotebookClient(
        notebook,
        km=AsyncKernelManager(kernel_spec_manager=specs),
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # what a cell does is in the notebook
        timeout=None,
    )
    try:
        client.execute(cleanup_kc=True)
    except CellExecutionError as error:
        return error
    return None


def printed_tables(notebook: NotebookNode) -> Iterator[str]:
    """The plain text of every output of the cells that are tagged "importances"."""
    for cell in notebook.cells:
        if PRINTED not in cell.metadata.get("tags", ()):
            continue
        for output in cell.outputs:
            text: Any = output.get("data", {}).get("text/plain", "")
            if text:
                yield text


def lab(folder: Path, options: Sequence[str] = ()) -> int:
    """Open JupyterLab on a copy of the tutorials in `folder`; what is there already stays."""
    from jupyterlab.labapp import main as jupyter_lab

    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(TUTORIALS.glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copy(notebook, folder / notebook.name)
    jupyter_lab([str(folder / "quickstart.ipynb"), f"--ServerApp.root_dir={folder}", *options])
    return 0


if __name__ == "__main__":
    sys.exit(main())
