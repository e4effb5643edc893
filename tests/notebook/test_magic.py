"""The %explain line in a real IPython shell."""

import numpy as np
import pandas as pd
import pytest
import torch
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import nbexplain as nbx
from nbexplain.notebook import magic
from nbexplain.notebook.arguments import LineError, options, parse, split


@pytest.fixture(scope="module")
def terminal():
    shell = InteractiveShell.instance()
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def clear(shell):
    """Forget the user's variables (`reset` collects garbage each time)."""
    for name in set(shell.user_ns) - set(shell.user_ns_hidden):
        del shell.user_ns[name]


@pytest.fixture
def shell(terminal):
    """A shell with a model, data and the extension loaded."""
    clear(terminal)
    terminal.run_line_magic("load_ext", "nbexplain")
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "b", "c"])
    X.index = [f"row {k}" for k in range(60)]
    X["id"] = 7.0
    terminal.push(
        {
            "net": torch.nn.Sequential(
                torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)
            ),
            "encoder": torch.nn.Linear(3, 3),
            "X": X,
            "y": pd.Series(np.where(X["a"] > 0, "high risk", "low"), name="risk"),
            "A": X[["a", "b", "c"]].to_numpy(),
        }
    )
    yield terminal
    terminal.run_line_magic("unload_ext", "nbexplain")


def explain(shell, line):
    return shell.run_line_magic("explain", line)


# Splitting


@pytest.mark.parametrize(
    ("line", "tokens"),
    [
        ("net X y", ["net", "X", "y"]),
        ("  net\tX  ", ["net", "X"]),
        ("", []),
        ('net X.drop(columns=["y", "id"]) y', ["net", 'X.drop(columns=["y", "id"])', "y"]),
        ("net (X, Z) [1, 2][0]", ["net", "(X, Z)", "[1, 2][0]"]),
        ("""net X.query("a > ')'")""", ["net", """X.query("a > ')'")"""]),
        ('net f("a\\" b") y', ["net", 'f("a\\" b")', "y"]),
        ("net r'a b' y", ["net", "r'a b'", "y"]),
        ('net """a "b" c""" y', ["net", '"""a "b" c"""', "y"]),
        ('net d[f"{k} {v["a b"]} {{"] y', ["net", 'd[f"{k} {v["a b"]} {{"]', "y"]),
        ("net X # and y later (", ["net", "X"]),
        ("net d['#'] #", ["net", "d['#']"]),
        ("net X['a#b']", ["net", "X['a#b']"]),
        ('--groups={"a": ["b", "c"]} net', ['--groups={"a": ["b", "c"]}', "net"]),
    ],
)
def test_split_by_brackets_and_quotes(line, tokens):
    assert split(line) == tokens


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("net X[1", "The [ in X[1 is not closed."),
        ("net X.drop(columns=['a']", "The ( in X.drop(columns=['a'] is not closed."),
        ("net 'a b", "The quote ' in 'a b is not closed."),
        ('net f"{a', 'The quote " in f"{a is not closed.'),
        ("net X)", "The ) in X) closes no bracket."),
        ("net (X]", "The ( in (X] is closed by ]."),
    ],
)
def test_open_brackets_and_quotes_are_named(line, sentence):
    with pytest.raises(LineError) as error:
        split(line)
    assert str(error.value) == sentence


# Options


def test_options_are_those_of_explain():
    from inspect import Parameter, signature

    parameters = signature(nbx.explain).parameters.values()
    keywords = {p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY}
    assert {option.parameter for option in options()} == keywords | {None}
    assert all(option.help for option in options())


def test_words_come_from_the_docstring():
    words = {option.flag: set(option.words) for option in options()}
    assert words["--response"] == {"auto", "raw", "prob", "logodds", "loss"}
    assert words["--scale"] == {"std", "none"}
    assert "sensitivity" in words["--method"]


def test_options_stand_anywhere_and_take_either_spelling():
    line = parse("--response=prob net --batch_size 10 X --output a y --outputs b")
    assert line.expressions == ("net", "X", "y")
    assert line.options == {
        "--response": ("prob",),
        "--batch-size": ("10",),
        "--output": ("a", "b"),
    }


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
        assert f"  {option.flag} " in text


def test_help_by_option(shell, capsys):
    explain(shell, "--help")
    assert capsys.readouterr().out.strip() == magic.help_text()


# Completion


def complete(shell, text):
    shell.Completer.use_jedi = False
    with provisionalcompleter():
        found = list(shell.Completer.completions(text, len(text)))
    return [completion.text for completion in found]


def test_models_come_first_then_data(shell):
    assert complete(shell, "%explain ")[:2] == ["net", "encoder"]
    assert complete(shell, "ex = %explain ")[:2] == ["net", "encoder"]
    assert complete(shell, "%explain net ")[:3] == ["X", "y", "A"]
    assert complete(shell, "import os\n%explain n") == ["net"]
    assert complete(shell, "%explain net X")[0] == "X"


def test_jedi_does_not_push_in_front(shell):
    shell.Completer.use_jedi = True
    with provisionalcompleter():
        found = list(shell.Completer.completions("%explain ", 9))
    assert found[0].text == "net"


def test_options_are_completed(shell):
    flags = complete(shell, "%explain net X y --")
    assert flags == [option.flag for option in options()]
    assert complete(shell, "%explain net X y --re") == ["--response"]
    assert "--response" not in complete(shell, "%explain net X y --response prob --")
    assert "--output" in complete(shell, "%explain net X y --output low --")


def test_values_are_completed(shell):
    assert complete(shell, "%explain net X y --response ")[:3] == ["raw", "prob", "logodds"]
    assert complete(shell, "%explain net X y --scale s") == ["std"]
    assert complete(shell, "%explain net X y --method ") == ["sensitivity"]
    assert complete(shell, '%explain net X --row "row 1')[:2] == ['"row 1"', '"row 10"']


def test_outputs_are_completed_from_y_and_from_the_last_explanation(shell):
    assert complete(shell, "%explain net A y --output ") == ["'high risk'", "low"]
    assert complete(shell, "%explain net A y --output h") == ["'high risk'"]
    assert complete(shell, "%explain net A y --output 'h") == ["'high risk'"]
    explain(shell, "net A --output-names ['good','bad']")
    assert complete(shell, "%explain net A --output ") == ["good", "bad"]


def test_completion_leaves_python_to_python(shell):
    shell.Completer.use_jedi = True
    with provisionalcompleter():
        text = "%explain net X.dropn"
        found = [c.text for c in shell.Completer.completions(text, len(text))]
    assert found == ["dropna"]
    assert "'a'" in complete(shell, "%explain net X[")
    assert complete(shell, "%expl") == ["%explain"]
    assert "net" not in complete(shell, "explained ")[:1]


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
