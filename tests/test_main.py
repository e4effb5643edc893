import importlib.util
import os
import sys

import nbformat
import pytest

import nbexplain
from nbexplain import __main__ as cli


def write(folder, *cells):
    """A quickstart notebook of these code cells; a cell is a text, or a text and its tags."""
    notebook = nbformat.v4.new_notebook()
    for cell in cells:
        text, tags = cell if isinstance(cell, tuple) else (cell, [])
        notebook.cells.append(nbformat.v4.new_code_cell(text, metadata={"tags": tags}))
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / "quickstart.ipynb")


@pytest.mark.parametrize("argv", [[], ["demo", "--unknown"], ["dance"]])
def test_wrong_words_end_with_the_usage(argv, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(argv)
    assert "usage: nbexplain" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"{nbexplain.__version__}\n"


@pytest.mark.parametrize("command", ["demo", "lab"])
def test_a_missing_extra_is_named(command, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert cli.main([command]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"nbexplain {command} needs jupyterlab, nbclient, sklearn:")
    assert "pip install 'nbexplain[lab]'" in said


def test_the_tutorials_hold_no_outputs():
    for path in cli.TUTORIALS.glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                assert (cell.outputs, cell.execution_count) == ([], None), path


def test_lab_opens_a_copy_and_keeps_what_is_there(tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr("jupyterlab.labapp.main", called.append)
    folder = tmp_path / "mine"
    assert cli.main(["lab", "--folder", str(folder), "--no-browser"]) == 0
    copied = folder / "quickstart.ipynb"
    assert copied.read_bytes() == (cli.TUTORIALS / "quickstart.ipynb").read_bytes()
    assert called == [[str(copied), f"--ServerApp.root_dir={folder}", "--no-browser"]]

    copied.write_text("edited")
    assert cli.lab(folder) == 0
    assert copied.read_text() == "edited"


def test_demo_prints_the_tables_of_the_tagged_cells(tmp_path, monkeypatch, capsys):
    write(
        tmp_path / "tutorials",
        "import sys, pathlib; value = 6 * 7",
        ("print('not a table'); value", ["importances"]),
        "'not tagged'",
        "import os; pathlib.Path('here').write_text(f'{sys.executable} {os.getpid()}');",
    )
    monkeypatch.setattr(cli, "TUTORIALS", tmp_path / "tutorials")
    assert cli.demo(tmp_path / "out") == 0
    printed = capsys.readouterr().out
    assert "\n42\n" in printed
    assert "not a table" not in printed
    assert "not tagged" not in printed
    # The kernel was of this Python, worked in the folder, and is gone.
    python, process = (tmp_path / "out" / "here").read_text().split()
    assert python == sys.executable
    with pytest.raises(ProcessLookupError):
        os.kill(int(process), 0)
    executed = nbformat.read(tmp_path / "out" / "quickstart.ipynb", as_version=4)
    assert executed.cells[1].execution_count == 2


def test_demo_that_fails_says_where_and_keeps_the_notebook(tmp_path, monkeypatch, capsys):
    write(tmp_path / "tutorials", "1 / 0")
    monkeypatch.setattr(cli, "TUTORIALS", tmp_path / "tutorials")
    assert cli.demo(tmp_path / "out") == 1
    captured = capsys.readouterr()
    assert "ZeroDivisionError" in captured.err
    assert "quickstart.html" not in captured.out
    executed = nbformat.read(tmp_path / "out" / "quickstart.ipynb", as_version=4)
    assert executed.cells[0].outputs[0].ename == "ZeroDivisionError"
