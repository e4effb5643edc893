"""Completion of the %explain line through IPython's own completer."""

from IPython.core.completer import provisionalcompleter

from nbexplain.notebook.arguments import options


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
    assert complete(shell, "%explain net X y --method s") == ["sensitivity", "smoothgrad"]
    assert complete(shell, '%explain net X --row "row 1')[:2] == ['"row 1"', '"row 10"']


def test_outputs_are_completed_from_y_and_from_the_last_explanation(shell):
    assert complete(shell, "%explain net A y --output ") == ["'high risk'", "low"]
    assert complete(shell, "%explain net A y --output h") == ["'high risk'"]
    assert complete(shell, "%explain net A y --output 'h") == ["'high risk'"]
    shell.run_line_magic("explain", "net A --output-names ['good','bad']")
    assert complete(shell, "%explain net A --output ") == ["good", "bad"]


def test_completion_leaves_python_to_python(shell):
    shell.Completer.use_jedi = True
    with provisionalcompleter():
        text = "%explain net X.dropn"
        found = [c.text for c in shell.Completer.completions(text, len(text))]
    assert found == ["dropna"]
    assert "'a'" in complete(shell, "%explain net X[")
    assert complete(shell, "%expl") == ["%explain", "%%explain"]
    assert "net" not in complete(shell, "explained ")[:1]
