"""The tutorial on editing, executed in a real kernel, and what it shows."""

import nbformat
import pytest

from nbexplain import __main__ as cli
from tests.notebooks.cells import outputs, printed, table

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("editing models")]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    found = nbformat.read(cli.TUTORIALS / "editing_models.ipynb", as_version=4)
    assert cli.execute(found, tmp_path_factory.mktemp("out")) is None
    return found


def test_what_is_predicted_is_found(notebook):
    gains = table(notebook, "broken", "predicted", "found").drop("x3")
    assert (gains["predicted"] - gains["found"]).abs().max() < 1
    assert "lost: x3" in printed(notebook, "claims")


def test_cells_that_change_nothing_make_no_version(notebook):
    assert printed(notebook, "quiet-all") == "2 versions\n"


def test_loading_the_trained_weights_brings_them_back(notebook):
    assert printed(notebook, "restored") == "version 3 against as trained: no share changed.\n"


def test_a_sign_that_turns_is_seen_in_the_direction_alone(notebook):
    said = printed(notebook, "flipped")
    assert "no share changed by as much as 0.1 points; x4 turned round." in said
    assert "+1.0" in said
    assert "-1.0" in said


def test_pruning_moves_the_idle_feature_and_training_mends_it(notebook):
    shares = table(notebook, "repaired", "truth", "trained", "pruned", "repaired")
    assert shares["pruned"]["x5"] > 2 * shares["trained"]["x5"]
    assert shares["repaired"]["x5"] < shares["pruned"]["x5"] / 2
    assert "different fits" in printed(notebook, "refits")


def test_the_panel_is_shown_and_nothing_is_said_to_the_error_stream(notebook):
    shown = {form for output in outputs(notebook, "panel") for form in output["data"]}
    assert "application/vnd.jupyter.widget-view+json" in shown
    every = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert "stderr" not in {output.get("name") for output in every}
