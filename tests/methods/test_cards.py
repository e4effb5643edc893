"""Cards: one for each method, in every form, and of the sources that the methods name."""

import html
import re

import pytest
import torch

import nbexplain as nbx
from nbexplain.methods import CARDS, METHODS

FACTS = ("question", "formula", "cost", "limits", "source", "representation", "model", "relation")


def test_every_method_has_a_card_and_every_card_a_method():
    assert list(CARDS) == list(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_a_card_is_whole(name):
    card = nbx.card(name)
    assert card.name == name
    for fact in FACTS:
        assert getattr(card, fact).strip() == getattr(card, fact) != ""
    assert card.question.endswith("?"), "a question"
    assert card.question.count("?") == 1, "in one sentence"
    assert [text for _, text in card.facts] == [getattr(card, fact) for fact in FACTS]


@pytest.mark.parametrize("name", METHODS)
def test_the_source_is_that_of_the_method_s_docstring(name):
    """Its first author, and the year where the docstring tells it."""
    source, doc = nbx.card(name).source, METHODS[name].__doc__
    author, year = source.split()[0].strip(","), source[-4:]
    assert year.isdigit()
    assert author in doc
    years = re.findall(r"\b(?:19|20)\d\d\b", doc)
    assert not years or year in years


@pytest.mark.parametrize("name", METHODS)
def test_a_name_a_class_an_object_and_an_explanation_have_the_same_card(name):
    card = nbx.card(name)
    ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2), method=name)
    for one in (METHODS[name], METHODS[name](), ex, ex.with_response("raw")):
        assert nbx.card(one) is card
    assert ex.question.startswith(card.title)


def test_what_has_no_card_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="did you mean 'deeplift'"):
        nbx.card("deeplit")
    with pytest.raises(TypeError, match="3 is no method: pass a name such as 'deeplift'"):
        nbx.card(3)


@pytest.mark.parametrize("name", METHODS)
def test_text_and_html_say_all_of_it(name):
    card = nbx.card(name)
    plain = " ".join(repr(card).split())
    markup = card._repr_html_()
    for label, fact in card.facts:
        assert f"{label} {fact}" in plain
        assert f"<dt>{label}</dt><dd>{html.escape(fact)}</dd>" in markup
    assert max(map(len, repr(card).splitlines())) <= 100
    assert "<script" not in markup
