"""The tutorial on live training, executed in a real kernel, and what it shows."""

import re

import nbformat
import pytest

from nbexplain import __main__ as cli
from tests.notebooks.cells import outputs, printed, table

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("live training")]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    found = nbformat.read(cli.TUTORIALS / "live_training.ipynb", as_version=4)
    assert cli.execute(found, tmp_path_factory.mktemp("out")) is None
    return found


def test_the_network_finds_the_importances_that_theory_gives(notebook):
    shares = table(notebook, "learned", "truth", "network")
    assert (shares["network"] - shares["truth"]).abs().max() < 3


def test_on_few_rows_it_uses_what_hardly_matters(notebook):
    shares = table(notebook, "overfitted", "truth", "40 rows")
    assert shares["40 rows"]["x5"] > 5 * shares["truth"]["x5"]
    own, others = (float(e) for e in re.findall(r": ([\d.]+)$", printed(notebook, "losses"), re.M))
    assert others > 10 * own


def test_the_leak_is_marked_after_it_began(notebook):
    said = printed(notebook, "leaking")
    assert "the change comes at step 20,000" in said
    marks = re.findall(r"At step ([\d,]+) the importance of (\w+) jumped from ([\d.]+)", said)
    ((step, feature, before),) = marks
    assert feature == "ticket"
    assert 20_000 < int(step.replace(",", "")) <= 25_000
    assert float(before) < 5


def test_the_same_training_without_the_leak_goes_another_way(notebook):
    shares = table(notebook, "parted", "clean", "leaky")
    assert shares["clean"]["ticket"] < 5 < 30 < shares["leaky"]["ticket"]
    shown = {form for output in outputs(notebook, "beside") for form in output["data"]}
    assert "application/vnd.jupyter.widget-view+json" in shown


def test_the_panel_is_shown_and_nothing_is_said_to_the_error_stream(notebook):
    shown = {form for output in outputs(notebook, "watch") for form in output["data"]}
    assert "application/vnd.jupyter.widget-view+json" in shown
    every = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert "stderr" not in {output.get("name") for output in every}
