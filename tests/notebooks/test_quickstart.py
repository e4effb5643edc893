"""The quickstart, executed in a real kernel as `make demo` does, and what it leaves."""

import re
from io import StringIO

import nbformat
import pandas as pd
import pytest

from nbexplain import __main__ as cli
from nbexplain import datasets

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("quickstart")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def printed(folder):
    with pytest.MonkeyPatch.context() as patch:
        printed = StringIO()
        patch.setattr("sys.stdout", printed)
        assert cli.demo(folder) == 0
    return printed.getvalue()


@pytest.fixture(scope="module")
def notebook(printed, folder):
    return nbformat.read(folder / "quickstart.ipynb", as_version=4)


@pytest.fixture(scope="module")
def shown(notebook):
    """The data frame that stands beside the theory."""
    (cell,) = (cell for cell in notebook.cells if cell.id == "theory")
    (output,) = cell.outputs
    head, _, *rows = output["data"]["text/plain"].splitlines()
    columns = ["importance", "low", "high", "exact function", "theory"]
    assert head.split() == " ".join(columns).split()
    values = {name: map(float, numbers) for name, *numbers in map(str.split, rows)}
    return pd.DataFrame.from_dict(values, orient="index", columns=columns)


def test_theory_stands_beside_the_result(shown):
    truth = datasets.simulation().truth
    assert (shown["theory"] - truth).abs().max() < 0.01
    assert (shown["exact function"] - truth).abs().max() < 0.2
    assert (shown["importance"] - truth).drop("x5").abs().max() < 0.8
    assert 0.226 < shown["importance"]["x5"] < 2
    assert (shown["low"] <= shown["importance"]).all()
    assert (shown["importance"] <= shown["high"]).all()


def test_demo_prints_both_tables(printed):
    assert re.search(r"^x3 +4\d\.\d+ ", printed, re.MULTILINE)
    assert "exact function" in printed
    assert "worst" in printed
    assert "quickstart.html" in printed


def test_no_cell_writes_to_the_error_stream(notebook):
    written = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream" and output.name == "stderr"
    ]
    assert written == []


def test_the_page_loads_nothing(printed, folder):
    page = (folder / "quickstart.html").read_text(encoding="utf-8")
    loads = r"""(?:\ssrc|\shref|url\(|@import|\bimport\s*\(|fetch\()\s*=?\s*["']?(?:https?:)?//"""
    assert re.findall(loads, page) == []
    for title in ("The simulation", "Tumours", "x5", "worst"):
        assert title in page
