"""Texts without a kernel: shaded sentences, charts of tokens, plain text."""

import re

import numpy as np
import pytest
import torch
from torch import nn

import nbexplain as nbx
from nbexplain.notebook import texts as page
from nbexplain.notebook import wire
from nbexplain.notebook.rows import Rows
from nbexplain.notebook.widgets.answers import answer
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


# What the page is sent ----------------------------------------------------------------------------


def unpacked(packed):
    return np.frombuffer(packed["data"], packed["dtype"]).reshape(packed["shape"])


def test_the_page_gets_the_shares_of_tokens(texts):
    state = wire.state(texts)
    told = state["meta"]["tokens"]
    assert told["names"] == [WORDS[i] for i in told["ids"]]
    assert told["all"] == len(WORDS) - 1
    assert state["names"] == ["token"]
    for info in state["meta"]["slices"]:
        asked = texts.with_response(info["response"])
        table = asked.token_importance(info["output"]).loc[told["names"]]
        share, low, high, direction = unpacked(info["tokens"])
        np.testing.assert_allclose(share, table["importance"], rtol=1e-6)
        np.testing.assert_allclose(low, table["low"], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(high, table["high"], rtol=1e-6)
        assert np.isnan(direction).all()


def test_the_page_gets_ids_and_names_of_the_rows_it_holds(texts):
    state = wire.state(texts)["instances"]
    words = dict(zip(unpacked(state["word_ids"]).tolist(), state["words"], strict=True))
    ids = unpacked(state["values"])
    assert ids.shape == (400, 2 * STEPS)
    np.testing.assert_array_equal(ids[:, ::2], ids[:, 1::2])
    for row, tokens in zip(unpacked(state["rows"])[:20], ids[:20, ::2], strict=True):
        there = tokens[~np.isnan(tokens)]
        assert [words[i] for i in there.tolist()] == list(texts.local(row)["token"])
        assert np.isnan(tokens[: STEPS - len(there)]).all()


def test_of_many_tokens_the_leading_ones_are_sent(texts, monkeypatch):
    monkeypatch.setattr(page, "MOST_RANKED", 3)
    state = wire.state(texts)
    leading = texts.token_importance(texts.default_output).index[:3]
    assert set(state["meta"]["tokens"]["names"]) == set(leading)
    assert {info["tokens"]["shape"][1] for info in state["meta"]["slices"]} == {3}


def test_rows_that_do_not_fit_come_whole_and_a_state_stays_small():
    embedding = nn.Embedding(3000, 4)
    ids = torch.randint(0, 3000, (300, 400), generator=torch.Generator().manual_seed(0))
    ex = nbx.explain(lambda ids: embedding(ids).sin().sum(1), ids, progress=False)
    state = wire.state(ex)
    sizes = [len(one["data"]) for one in state["instances"].values() if isinstance(one, dict)]
    assert sum(sizes) < 700_000
    assert 0 < state["instances"]["jacobian"]["shape"][0] < 300
    message, _ = wire.rows_message(ex)
    assert message["instances"]["jacobian"]["shape"] == [300, 4, 1600]


class Asking:
    """A session that is asked once."""

    def __init__(self, explanation):
        self.explanation, self.sent = explanation, None

    def check(self, _, value):
        return value

    def send(self, content, buffers=None):
        self.sent = content, buffers


def test_a_row_and_a_slice_come_with_their_tokens(texts):
    session = Asking(texts)
    answer(session, {"t": "row", "row": 3}, [])
    content, (_, jacobian, values, _) = session.sent
    ids = np.frombuffer(values, "<f4")[::2]
    there = ids[~np.isnan(ids)]
    assert [content["words"][str(int(i))] for i in there] == list(texts.local(3)["token"])
    assert len(jacobian) == 4 * 2 * 2 * STEPS
    answer(session, {"t": "slice", "response": "logodds", "output": 0}, [])
    content, (_, tokens) = session.sent
    table = texts.with_response("logodds").token_importance(0)
    share = np.frombuffer(tokens, "<f4").reshape(4, content["tokens"])[0]
    np.testing.assert_allclose(np.sort(share)[::-1], table["importance"], rtol=1e-6)


def test_a_row_that_is_asked_for_keeps_the_ends_of_the_others():
    torch.manual_seed(0)
    lengths = (IDS != 0).sum(1)
    ex = nbx.explain(Recurrent(), IDS, Y, tokens=WORDS, lengths=lengths, keep=5, progress=False)
    other = next(row for row in range(400) if row not in ex.rows)
    held = Rows(ex).holding([other])
    for row in (other, int(ex.rows[0])):
        assert len(held.local(row)) == int(lengths[row])
    assert held.swept.sample.spans is not None
