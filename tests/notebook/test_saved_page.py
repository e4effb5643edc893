"""The page of `save_html`: complete in itself, and closed to everything else."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest
import torch

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
