"""The %explain line in a real IPython shell."""

import pandas as pd
import pytest
from IPython.core.error import UsageError

import nbexplain as nbx
from nbexplain.notebook import magic
from nbexplain.notebook.arguments import options
from tests.notebook.conftest import clear


def explain(shell, line):
    return shell.run_line_magic("explain", line)


# Explaining


def test_explains_and_returns(shell):
    shell.run_cell("ex = %explain net X[list('abc')] y", silent=True)
    ex = shell.user_ns["ex"]
    assert isinstance(ex, nbx.Explanation)
    assert ex.features.names == ("a", "b", "c")
    assert ex.outputs == ("high risk", "low")


def test_same_as_the_function(shell):
    line = 'net X.drop(columns=["id"]) y --response logodds --scale none --confidence 0.8 --seed 3'
    ex = explain(shell, line)
    ns = shell.user_ns
    other = nbx.explain(
        ns["net"],
        ns["X"].drop(columns=["id"]),
        ns["y"],
        response="logodds",
        scale="none",
        confidence=0.8,
        seed=3,
    )
    pd.testing.assert_frame_equal(ex.importance(), other.importance())
    assert (ex.question, ex.confidence) == (other.question, 0.8)


def test_the_unit_of_lags_needs_no_quotes(shell):
    shell.run_cell("last = lambda x: x[:, -1]\nimport torch\nW = torch.randn(9, 3, 1)", silent=True)
    assert explain(shell, "last W --lag-unit h").features.lag_unit == "h"
    named = explain(shell, 'last W --lag-unit ["c", "b", "a"]')
    assert named.features.lag_names == ("c", "b", "a")


def test_braces_and_dollars_are_not_expanded(shell):
    shell.user_ns["columns"] = ["a", "b", "c"]
    ex = explain(shell, 'net X[columns] --groups {"ab": ["a", "b"]}')
    assert ex.features.names == ("ab", "c")


def test_names_inside_a_function_are_found(shell):
    shell.run_cell(
        "def look(model, table):\n"
        "    return get_ipython().run_line_magic('explain', 'model table')\n"
        "found = look(net, A)",
        silent=True,
    )
    assert isinstance(shell.user_ns["found"], nbx.Explanation)


@pytest.mark.parametrize("output", ['"high risk"', "0", "low", "low --output 'high risk'"])
def test_outputs_by_name_or_position(shell, output):
    ex = explain(shell, f"net A y --output {output}")
    assert set(ex.outputs) <= {"high risk", "low"}
    assert len(ex.outputs) == 1 + output.count("--")


def test_an_output_named_like_a_variable_is_the_output(shell):
    shell.user_ns["low"] = pd.Series([1.0, 2.0])
    assert explain(shell, "net A y --output low").outputs == ("low",)


def test_a_variable_may_hold_the_name(shell):
    shell.user_ns["wanted"] = "low"
    assert explain(shell, "net A y --output wanted").outputs == ("low",)


@pytest.mark.parametrize("row", ['"row 5"', "labels[5]", "X[list('abc')].iloc[[5]]"])
def test_row_is_shown_beside_the_explanation(shell, row, capsys):
    shell.user_ns["labels"] = list(shell.user_ns["X"].index)
    ex = explain(shell, f"net X[list('abc')] y --row {row}")
    shown = capsys.readouterr().out
    assert "attribution" in shown
    for value in ex.local("row 5")["attribution"]:
        assert f"{value:.6f}" in shown


def test_labels_that_look_like_sums_are_labels(shell, capsys):
    X = shell.user_ns["X"][["a", "b", "c"]]
    X.index = [f"2020-10-{k + 10}" for k in range(60)]
    shell.user_ns["dated"] = X
    ex = explain(shell, "net dated --row 2020-10-15")
    assert f"{ex.local('2020-10-15')['attribution'].iloc[0]:.6f}" in capsys.readouterr().out


def test_an_unknown_row_does_not_cost_the_explanation(shell, capsys):
    ex = explain(shell, "net X[list('abc')] y --row nowhere")
    assert isinstance(ex, nbx.Explanation)
    assert "--row: " in capsys.readouterr().out


def test_an_interrupt_keeps_what_there_is(shell):
    seen = []

    def stop(done, total):
        seen.append(done)
        if len(seen) == 2:
            raise KeyboardInterrupt

    shell.user_ns["stop"] = stop
    ex = explain(shell, "net A y --batch-size 10 --progress stop")
    assert ex.count < 60
    assert any("Interrupted" in note for note in ex.notes)
    assert "Interrupted" in repr(ex)


# Mistakes


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("nte A", 'The name nte is not defined; did you mean "net"?'),
        ("whatever A", "The name whatever is not defined; your models are net, encoder."),
        ("net Z9", "The name Z9 is not defined."),
        ("net", "%explain needs data X; got only net."),
        ("--response prob", "%explain needs a model and data X."),
        ("net A - 1", "put an expression with blanks in brackets"),
        ("net A y y", "got 4 arguments (net, A, y, y)"),
        ("net A[", "The [ in A[ is not closed."),
        (
            "net A y --respnse prob",
            '--respnse is not an option of %explain; did you mean "--response"?',
        ),
        ("net A y --zzz 1", "--zzz is not an option of %explain; there are --method, "),
        ("net A --row", "--row needs a value"),
        ("net A --response --scale std", "--response needs a value: --response raw|prob"),
        ("net A --seed 1 --seed 2", "--seed is given twice."),
        ("net A+*2", "A+*2 is not a Python expression: "),
        ("net A --confidence much", "The name much is not defined."),
    ],
)
def test_usage_mistakes_get_one_sentence(shell, line, sentence):
    with pytest.raises(UsageError) as error:
        explain(shell, line)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_without_any_model_the_sentence_says_so(shell):
    clear(shell)
    with pytest.raises(UsageError, match="none of your variables is a model yet"):
        explain(shell, "model A")


@pytest.mark.parametrize(
    ("line", "error", "sentence"),
    [
        ("net A y --response prb", ValueError, "response='prb' is unknown: did you mean 'prob'"),
        ("net A y --method sensitivty", ValueError, "did you mean 'sensitivity'"),
        ("net A y --output hgh", ValueError, "hgh"),
        ("net X['e']", KeyError, "e"),
        ("A net", (TypeError, ValueError), "model"),
    ],
)
def test_other_errors_come_through_as_they_are(shell, line, error, sentence):
    with pytest.raises(error, match=sentence) as raised:
        explain(shell, line)
    assert not isinstance(raised.value, UsageError)


def test_a_name_missing_inside_a_function_is_that_functions_error(shell):
    shell.run_cell("def load():\n    return missing_name", silent=True)
    with pytest.raises(NameError, match="missing_name"):
        explain(shell, "net load()")


# Help


def test_no_argument_prints_usage(shell, capsys):
    assert explain(shell, "") is None
    text = capsys.readouterr().out
    assert text.startswith("Usage: %explain model X [y] [--method NAME]")
    assert "%explain?" in text


def test_help_is_the_docstring(shell):
    text = shell.object_inspect("%explain")["docstring"]
    assert text == magic.help_text()
    for option in options():
        assert f"  {option.flag}{chr(10) if option.bare else ' '}" in text


def test_help_by_option(shell, capsys):
    explain(shell, "--help")
    assert capsys.readouterr().out.strip() == magic.help_text()


# Loading


def test_loading_twice_and_unloading_leave_nothing_behind(shell):
    before = len(shell.Completer.custom_matchers)
    nbx.load_ipython_extension(shell)
    assert len(shell.Completer.custom_matchers) == before
    nbx.unload_ipython_extension(shell)
    assert len(shell.Completer.custom_matchers) == before - 1
    assert shell.find_line_magic("explain") is None
    nbx.unload_ipython_extension(shell)


def test_importing_registers_nothing(terminal):
    assert terminal.find_line_magic("explain") is None
