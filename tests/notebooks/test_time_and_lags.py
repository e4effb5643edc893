"""The tutorial on time and lags, executed in a real kernel, and what it shows."""

import re

import nbformat
import pytest

from nbexplain import __main__ as cli
from tests.notebooks.cells import outputs, printed, table

pytest.importorskip("statsmodels", reason="statsmodels is not installed: it brings the sunspots")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("time and lags")]

PLANTED = ["0", "1", "3", "7"]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    found = nbformat.read(cli.TUTORIALS / "time_and_lags.ipynb", as_version=4)
    assert cli.execute(found, tmp_path_factory.mktemp("out")) is None
    return found


def test_both_networks_find_the_planted_lags(notebook):
    lags = table(notebook, "lags", "truth", "LSTM", "TCN")
    assert (lags["LSTM"] - lags["truth"]).abs().max() < 10
    assert (lags["TCN"] - lags["truth"]).abs().max() < 10
    for name in ("LSTM", "TCN"):
        assert sorted(lags[name].nlargest(4).index) == PLANTED
        assert lags[name].drop(PLANTED).max() < 6
        assert re.search(rf"{name}: \d+ days carry 90 %", printed(notebook, "length"))


def test_lag_0_alone_takes_the_delayed_features_for_idle(notebook):
    shares = table(notebook, "lag0", "truth", "all lags", "lag 0")
    assert shares["truth"].idxmax() == shares["all lags"].idxmax() == "rain"
    assert shares["lag 0"].idxmax() == "dam"
    assert shares["lag 0"]["dam"] > 70
    assert "Lag 0 ranks features otherwise" in printed(notebook, "notes")


def test_the_cycle_of_the_sun_is_in_the_signs(notebook):
    columns = ["lag 0", "lag 1", "lag 2", "cycle (years)", "memory (years)"]
    suns = table(notebook, "period", *columns)
    assert suns["cycle (years)"].between(8.5, 12.5).all()
    assert (suns["lag 0"] > 0.5).all()
    assert (suns["lag 1"] < 0).all()
    assert suns["memory (years)"]["LSTM"] < suns["memory (years)"]["TCN"]
    errors = [float(found) for found in re.findall(r"by ([\d.]+)", printed(notebook, "sun-fit"))]
    assert max(errors[1:]) < errors[0]


def test_lengths_find_the_lags_that_padding_smears(notebook):
    lags = table(notebook, "lengths", "truth", "told", "untold")
    assert (lags["told"] - lags["truth"]).abs().max() < 10
    assert sorted(lags["told"].nlargest(4).index) == PLANTED
    assert lags["untold"].max() < 16


def test_panels_are_shown_and_nothing_is_said_to_the_error_stream(notebook):
    for name in ("explain", "sun-explain"):
        shown = {form for output in outputs(notebook, name) for form in output["data"]}
        assert shown >= {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    written = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream" and output.name == "stderr"
    ]
    assert written == []
