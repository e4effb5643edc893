"""The tutorial on contributions, executed in a real kernel, and what it shows."""

import ast
import os
import re
from fractions import Fraction

import nbformat
import pandas as pd
import pytest

from nbexplain import __main__ as cli
from tests.notebooks.cells import outputs, printed, table

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gradients to deeplift")]

FEATURES = ["temperature", "money", "appetite"]
LEFT = 4
BOB = {"temperature": 30, "money": 5, "appetite": 3}
HEAT, BOUGHT = Fraction(30 - 20, 5), min(5, 3)
ROUNDING = 0.0051  # of two digits


@pytest.fixture(scope="module", params=["without", "with"])
def notebook(request, tmp_path_factory):
    """Executed without and with the credit data."""
    if request.param == "with" and "NBEXPLAIN_DATA" not in os.environ:
        pytest.skip("NBEXPLAIN_DATA does not say where the credit data lies")
    found = nbformat.read(cli.TUTORIALS / "gradients_to_deeplift.ipynb", as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "without":
            patch.delenv("NBEXPLAIN_DATA", raising=False)
        assert cli.execute(found, tmp_path_factory.mktemp("out")) is None
    return found


def contributions(notebook, name):
    return table(notebook, name, "guess", "found")["found"].to_dict()


def near(wanted):
    return pytest.approx(dict(zip(FEATURES, map(float, wanted), strict=True)), abs=ROUNDING)


def test_of_a_linear_model_all_methods_say_what_the_weights_say(notebook):
    columns = ["gradient", "integrated", "deeplift", "weights"]
    same = table(notebook, "linear", *columns)
    assert (same.loc[FEATURES].min(axis=1) == same.loc[FEATURES].max(axis=1)).all()
    assert (same.loc[FEATURES, "weights"] > 0).all()
    assert (same.loc["sum"] - same.loc["answer"]).drop("weights").abs().max() <= ROUNDING


def test_on_the_plateau_the_gradient_is_zero(notebook):
    assert contributions(notebook, "gradient") == near([0, 0, 0])
    assert "Contributions do not add up" in printed(notebook, "gradient")


def test_integrated_gradients_are_the_mean_slope_on_the_way(notebook):
    kink = Fraction(20, 30)  # of the way: heat begins
    empty = (LEFT + Fraction(20, 5)) / (BOUGHT + Fraction(30, 5))  # the kiosk is
    wanted = [Fraction(30, 5) * (empty - kink), 0, BOUGHT * empty]
    assert sum(wanted) == LEFT
    assert contributions(notebook, "integrated") == near(wanted)
    by_hand = ast.literal_eval(printed(notebook, "integrated").split(": ", 1)[1].split("\n")[0])
    assert by_hand == pytest.approx([float(x) for x in wanted], abs=1e-5)


def test_deeplift_shares_out_in_proportion_and_disagrees(notebook):
    let_through = LEFT / (HEAT + BOUGHT)
    wanted = [HEAT * let_through, 0, BOUGHT * let_through]
    assert contributions(notebook, "deeplift") == near(wanted)
    assert contributions(notebook, "integrated") != near(wanted)


def test_a_guess_that_was_left_as_it_is_is_scored(notebook):
    for name in ("gradient", "integrated", "deeplift"):
        shown = table(notebook, name, "guess", "found")
        off = (shown["guess"] - shown["found"]).abs().sum()
        said = float(printed(notebook, name).split("off by ")[1].split(" ")[0])
        assert said == pytest.approx(off, abs=0.06)
        assert said > 0.1


def test_one_layer_tells_two_methods_no_longer_apart_and_a_rule_does(notebook):
    columns = ["gradient", "integrated", "deeplift", "revealcancel"]
    found = table(notebook, "one-layer", *columns)
    half = Fraction(BOUGHT, 2)  # min(i, j) is due to both alike
    assert found.loc[FEATURES, "integrated"].to_dict() == near([HEAT, 0, BOUGHT])
    assert found.loc[FEATURES, "deeplift"].to_dict() == near([HEAT, 0, BOUGHT])
    assert found.loc[FEATURES, "revealcancel"].to_dict() == near([HEAT, half, half])
    gap = found.loc["answer"] - found.loc["sum"]
    assert gap["gradient"] == pytest.approx(-20 / 5, abs=ROUNDING)  # what heat lacks below 20 °C
    assert gap.drop("gradient").abs().max() <= ROUNDING


def test_baselines_are_printed_and_change_what_money_is_worth(notebook):
    found = table(notebook, "baselines", "zero", "everybody", "Ann")
    assert found.loc["baseline"].to_dict()["zero"] == 0
    assert found.loc["baseline", "Ann"] == HEAT
    assert (found.loc["answer"] == LEFT).all()
    assert found.loc["money"].to_dict() == {"zero": 0, "everybody": 0, "Ann": LEFT - HEAT}
    pd.testing.assert_series_equal(
        found.loc["sum"], found.loc["answer"], check_names=False, atol=2 * ROUNDING
    )


def test_reasons_of_real_rows_are_sentences(notebook):
    said = printed(notebook, "reasons").splitlines()
    assert len(said) == 4
    bad = "default" if "PAY_0" in said[0] else "malignant"
    for sentence in said:
        assert re.search(rf" = \S+ (raises|lowers) the log-odds of {bad} by [\d.]+ ", sentence)
        assert " rows (" in sentence


def test_methods_that_ask_the_same_agree_most(notebook):
    found = table(notebook, "agreement", "τ", "at one row", "of 5 leading")
    assert found["τ"].idxmax() == found["at one row"].idxmax() == "integrated"
    assert found["τ"]["integrated"] > 0.9
    assert found["at one row"].idxmin() == "sensitivity"


def test_panels_are_shown_and_nothing_is_said_to_the_error_stream(notebook):
    for name in ("bob", "waterfall"):
        shown = {form for output in outputs(notebook, name) for form in output.get("data", ())}
        assert "application/vnd.jupyter.widget-view+json" in shown
    every = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert "stderr" not in {output.get("name") for output in every}
