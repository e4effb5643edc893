"""The page of `save_html`: complete in itself, and closed to everything else."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest
import torch
from ipywidgets import Widget

import nbexplain as nbx
from nbexplain.notebook import wire
from nbexplain.notebook.report import save_html
from tests.notebook.documents import Tags
from tests.notebook.fakes import NASTY, linear


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A saved page of two explanations, with a stand-in for the built module."""
    monkeypatch.setattr(wire, "bundle", lambda name: f"export const {name} = '</script>é';")
    path = tmp_path / "page.html"
    explanations = {
        "First": linear([1.0, -6.0, 3.0], ["a", "b", "c"]),
        "</title><script>alert(3)</script>": linear(
            list(np.linspace(1, 2, len(NASTY))), NASTY, outputs=2
        ),
    }
    save_html(path, explanations)
    return path.read_text(encoding="utf-8")


def test_page_is_well_formed_and_in_order(page):
    tags = Tags(page)
    assert tags.tags.count("section") == 2
    assert (tags.tags.count("h1"), tags.tags.count("h2")) == (1, 2)
    assert page.index("<h2>First</h2>") < page.rindex("<h2>&lt;/title&gt;&lt;script&gt;alert(3)")
    assert tags.tags.count("script") == 4


def test_page_holds_the_state_of_each_explanation(page):
    data = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    states = [json.loads(text) for text in data]
    assert states[0]["names"] == ["a", "b", "c"]
    assert states[1]["names"] == NASTY
    module = re.search(r'id="nbexplain">(.*?)</script>', page)[1]
    assert base64.b64decode(module).decode() == "export const session = '</script>é';"


def test_page_policy_allows_its_own_script_only(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    script = re.search(r'<script type="module">(.*?)</script>', page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}' blob:;" in policy
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_page_names_no_address(page):
    assert not {"src", "href", "action", "srcset"} & {name for name, _ in Tags(page).attributes}
    assert "http:" not in page
    assert "https:" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_page_tells_how_the_numbers_came_about(page):
    footer = re.search(r"<footer>(.*)</footer>", page)[1]
    assert "method sensitivity" in footer
    assert "scale none" in footer
    assert f"torch {torch.__version__}" in footer


def test_page_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        save_html(tmp_path / "page.html", {})
    assert not list(tmp_path.iterdir())


def test_explanations_save_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr(wire, "bundle", str)
    ex = linear([1.0], ["a"])
    ex.save_html(tmp_path / "one.html")
    assert f"<title>{ex.title}</title>" in (tmp_path / "one.html").read_text(encoding="utf-8")


class TestViews:
    @pytest.fixture(autouse=True)
    def without_a_bundle(self, monkeypatch):
        monkeypatch.setattr(wire, "bundle", lambda name: f"export const {name} = 1;")
        yield
        Widget.close_all()

    @staticmethod
    def read(path):
        """The views of a page and their states."""
        text = path.read_text(encoding="utf-8")
        kinds = re.findall(r'<section data-kind="(.*?)">', text)
        data = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
        return kinds, [json.loads(one) for one in data]

    @staticmethod
    def array(packed):
        data = base64.b64decode(packed["data"]["base64"])
        return np.frombuffer(data, packed["dtype"]).reshape(packed["shape"])

    def test_an_explanation_is_shown_in_the_explorer(self, tmp_path):
        linear([1.0, 2.0], ["a", "b"]).save_html(tmp_path / "page.html")
        kinds, (state,) = self.read(tmp_path / "page.html")
        assert kinds == ["explorer"]
        assert "selection" not in state
        assert "_link" not in state

    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            ("Explorer", "explorer"),
            ("ImportanceBars", "importance"),
            ("InstancePicker", "instances"),
            ("LocalBars", "local"),
        ],
    )
    def test_a_view_is_saved_as_it_is(self, kind, name, tmp_path):
        ex = linear([1.0, 2.0], ["a", "b"], y=["no", "yes"] * 100)
        view = getattr(nbx, kind)(ex, feature="b", instance=3, rows=[5, 4], response="raw")
        view.save_html(tmp_path / "page.html")
        kinds, (state,) = self.read(tmp_path / "page.html")
        assert kinds == [name]
        told = state["selection"]
        assert (told["feature"], told["instance"], told["other"]) == (1, 3, None)
        assert (told["output"], told["response"]) == (0, "raw")
        assert self.array(told["rows"]).tolist() == [5, 4]
        assert state["_link"] == view.selection.key

    def test_links_between_parts_stay(self, tmp_path):
        picked = nbx.Selection(feature="a")
        one = nbx.Explorer(linear([1.0, 2.0], ["a", "b"]), selection=picked)
        two = nbx.LocalBars(linear([3.0, 2.0], ["a", "b"]), selection=picked)
        save_html(tmp_path / "page.html", {"One": one, "Two": two, "Three": one.explanation})
        kinds, states = self.read(tmp_path / "page.html")
        assert kinds == ["explorer", "local", "explorer"]
        assert [state.get("_link") for state in states] == [picked.key, picked.key, None]
        assert [state["selection"]["feature"] for state in states[:2]] == [0, 0]

    def test_picked_rows_are_in_the_page_with_their_derivatives(self, tmp_path):
        model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
        X = torch.randn(50, 2)
        ex = nbx.explain(model, X, torch.arange(50.0), keep=[1, 2])
        view = nbx.Explorer(ex, instance=30, other=40)
        view.save_html(tmp_path / "page.html")
        _, (state,) = self.read(tmp_path / "page.html")
        rows = self.array(state["instances"]["rows"]).tolist()
        assert sorted(rows) == [1, 2, 30, 40]
        place = rows.index(30)
        entries = self.array(state["instances"]["entries"])[0]
        jacobian = self.array(state["instances"]["jacobian"])[place, 0]
        np.testing.assert_allclose(jacobian, ex.local(30)["attribution"].to_numpy()[entries], 1e-5)
        assert self.array(state["instances"]["target"]).tolist() == rows
        assert ex.rows.tolist() == [1, 2]

    def test_a_page_stays_small(self, tmp_path):
        model = torch.nn.Linear(50, 2)
        X = torch.randn(30_000, 50)
        ex = nbx.explain(model, X, ["no", "yes"] * 15_000, keep=30_000)
        view = nbx.Explorer(ex)
        view.save_html(tmp_path / "page.html")
        assert (tmp_path / "page.html").stat().st_size < 14_000_000
        _, (state,) = self.read(tmp_path / "page.html")
        assert state["instances"]["rows"]["shape"] == [30_000]
        assert state["instances"]["jacobian"]["shape"] == [8_000_000 // 600, 2, 50]

    def test_an_empty_view_cannot_be_saved(self, tmp_path):
        with pytest.raises(ValueError, match="empty"):
            nbx.Explorer().save_html(tmp_path / "page.html")
        assert not list(tmp_path.iterdir())
