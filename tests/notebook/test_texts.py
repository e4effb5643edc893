"""Texts without a kernel: shaded sentences, charts of tokens, plain text."""

import re

import numpy as np
import pytest
import torch
from torch import nn

import nbexplain as nbx
from tests.corpus import STEPS, WORDS, Negation, Recurrent, corpus

IDS, Y = corpus()


@pytest.fixture(scope="module")
def texts():
    torch.manual_seed(0)
    lengths = (IDS != 0).sum(1)
    return nbx.explain(Recurrent().double(), IDS, Y, tokens=WORDS, lengths=lengths)


def marks(html):
    return re.findall(r'<mark style="--o:([\d.]+)" title="([^"]*)">(.*?)</mark>', html)


def test_a_sentence_is_shaded_by_squared_shares(texts):
    table = texts.local(3, 0)
    text = texts.text(3, 0)
    found = marks(text._repr_html_())
    assert [word for *_, word in found] == list(table["token"])
    opacity = np.array([float(o) for o, *_ in found])
    share = table["importance"].to_numpy()
    np.testing.assert_allclose(opacity, 0.5 * share / share.max(), atol=6e-4)
    assert [said.split(", ")[1] for _, said, _ in found] == [f"position {p}" for p in table.index]
    assert repr(text).startswith(f"{table['token'].iloc[0]} (")
    assert repr(text).count("%") == len(table)


def test_names_in_a_sentence_are_text(texts):
    hostile = ["<script>alert(1)</script>", '"><img src=x>', "a\nb", "&amp;", "", *WORDS[5:]]
    ex = nbx.explain(Negation(), IDS + 0, tokens=hostile)
    ids = torch.arange(STEPS) % 5
    ids[0] = 1
    html = ex.text(ids)._repr_html_()
    assert "<script>" not in html
    assert "<img" not in html
    assert "&quot;&gt;&lt;img src=x&gt;" in html
    assert "(no name)" in html


def test_a_constant_model_shades_nothing():
    embedding = nn.Embedding(12, 2)
    ex = nbx.explain(lambda ids: 0 * embedding(ids).sum((1, 2)), IDS)
    assert {opacity for opacity, *_ in marks(ex.text(0)._repr_html_())} == {"0.000"}


def test_a_long_text_is_cut():
    embedding = nn.Embedding(12, 2)
    ids = IDS[:2].repeat(1, 300)
    found = nbx.explain(lambda ids: embedding(ids).sum((1, 2)), ids).text(0)._repr_html_()
    assert len(marks(found)) == 2000
    assert "… <mark" in found


def test_the_script_free_form_lists_tokens_and_shows_a_text(texts):
    html = texts._repr_mimebundle_()["text/html"]
    assert f'title="{texts.token_importance(texts.default_output).index[0]}"' in html
    row = texts.local(texts.labels[0], texts.default_output)
    assert [word for *_, word in marks(html)] == list(row["token"])
    assert "<script" not in html


def test_plain_text_ranks_tokens(texts):
    lines = repr(texts).splitlines()
    assert lines[2].split() == ["token", "importance", "low", "high"]
    assert lines[3].split()[1] == texts.token_importance(texts.default_output).index[0]
    assert any("tokens carry 90 %" in line for line in lines)


def test_a_chart_of_tokens_ranks_them(texts):
    spec = texts.chart("tokens").to_dict()
    table = texts.token_importance(texts.default_output)
    assert [value["feature"] for value in spec["data"]["values"]] == list(table.index)
    np.testing.assert_allclose(
        [value["share"] for value in spec["data"]["values"]], table["importance"]
    )


def test_a_chart_of_one_text_is_in_reading_order(texts):
    spec = texts.chart("local", row=3).to_dict()
    (values,) = spec["datasets"].values() if "datasets" in spec else [spec["data"]["values"]]
    table = texts.local(3, texts.default_output)
    assert [value["token"] for value in values] == list(table["token"])
    np.testing.assert_allclose([value["size"] for value in values], table["attribution"])


def test_a_chart_of_tokens_needs_tokens():
    ex = nbx.explain(nn.Linear(2, 1), torch.eye(2))
    with pytest.raises(ValueError, match="no tokens"):
        ex.chart("tokens")
