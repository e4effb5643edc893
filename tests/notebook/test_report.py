"""The forms without a kernel: text that lines up, HTML that escapes."""

import re

import numpy as np
import pytest
import torch

import nbexplain as nbx
from nbexplain.notebook.names import width
from nbexplain.notebook.ranking import rank
from nbexplain.notebook.report import plain_text, static_html
from nbexplain.notebook.report.style import sheet
from tests.notebook.documents import Tags
from tests.notebook.fakes import NASTY, Fake, credit, linear, many, nasty

# Ranking


def test_ranking_of_a_linear_model():
    ranking = rank(linear([1.0, -6.0, 3.0], ["a", "b", "c"]))
    assert [row.name for row in ranking.rows] == ["b", "c", "a"]
    assert [row.share for row in ranking.rows] == pytest.approx([60, 30, 10])
    assert [row.direction for row in ranking.rows] == ["falls", "rises", "rises"]
    assert ranking.carriers == 2


def test_features_that_turn_have_no_direction():
    model = torch.cos
    X = torch.linspace(-3.0, 3.0, 101)[:, None]
    ranking = rank(nbx.explain(lambda x: model(x[:, 0]), X, progress=False))
    assert ranking.rows[0].direction == "both ways"


def test_combined_outputs_claim_no_direction():
    ranking = rank(linear([1.0, 2.0], ["a", "b"], outputs=3))
    assert ranking.output is None
    assert not ranking.directed


def test_unused_inputs_have_no_direction():
    ranking = rank(linear([1.0, 0.0], ["a", "b"]))
    assert ranking.rows[1].direction == "none"


# Text


def columns(text):
    """Where the cells of each table line begin and end, in terminal cells."""
    table = text.split("\n\n")[1].splitlines()
    return [line for line in table if re.match(r"\s*\d+ {3}", line)]


@pytest.mark.parametrize("fake", [credit(), many(), nasty()])
def test_plain_text_lines_up(fake):
    lines = columns(plain_text(fake))
    ends = {width(line[: line.index(" %")]) for line in lines}
    assert len(ends) == 1


def test_plain_text_marks_the_line_at_90_percent():
    text = plain_text(linear([1.0, -6.0, 3.0], ["a", "b", "c"]))
    lines = text.split("\n\n")[1].splitlines()
    assert "b" in lines[1]
    assert "60.0 %" in lines[1]
    assert "↓ falls" in lines[1]
    assert lines[3].endswith("2 features carry 90 % - -")
    assert "95 % interval, row sampling" in text


def test_plain_text_is_short_for_many_features():
    text = plain_text(many())
    assert len(text.splitlines()) < 45
    assert "1,970 more" in text
    assert "1,314 features carry 90 %" in text


def test_plain_text_of_a_constant_model():
    ex = linear([0.0, 0.0], ["a", "b"])
    text = plain_text(ex)
    assert "nan" not in text
    assert "90 %" not in text
    assert f"Note: {ex.notes[0]}" in text


def test_plain_text_has_no_control_characters():
    text = plain_text(nasty())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
    assert "\u2068גיל\u2069" in text
    assert "x" * 40 not in text


def test_repr_is_the_plain_text():
    ex = linear([1.0, 2.0], ["a", "b"])
    assert repr(ex) == plain_text(ex)


# The script-free fragment


def test_static_html_shows_bars_whiskers_and_numbers():
    html = static_html(linear([1.0, -6.0, 3.0], ["a", "b", "c"]), "k")
    tags = Tags(html)
    assert html.startswith('<div id="nbx-static-k"')
    widths = re.findall(r'height="11" width="([\d.]+)%"', html)
    assert [float(width) for width in widths] == pytest.approx([100, 50, 16.67], abs=0.1)
    assert html.count('<tr class="nbx-static__falls">') == 1
    assert html.count('<tr class="nbx-static__rises">') == 2
    assert "2 features carry 90 %" in html
    assert tags.tags.count("table") == 2
    assert "details" in tags.tags
    assert "60.0" in tags.texts


def test_static_html_is_inert():
    html = static_html(nasty(), "k")
    tags = Tags(html)
    assert not {"script", "img", "link", "iframe", "b", "i", "form"} & set(tags.tags)
    names = {name for name, _ in tags.attributes}
    assert not any(name.startswith("on") for name in names)
    assert not names & {"href", "src", "data-nbx-view", "data-feature", "xlink:href"}
    assert "http" not in html
    assert "url(" not in html


def test_static_html_keeps_names_as_text():
    html = static_html(nasty(), "k")
    text = "".join(Tags(html).texts)
    titles = [value for name, value in Tags(html).attributes if name == "title"]
    assert NASTY[0] in text
    assert NASTY[1] in text
    assert NASTY[2] in titles
    assert NASTY[3] in titles
    assert "P(<b>default</b>) & more" in text


def test_static_html_bounds_its_size():
    html = static_html(many(), "k")
    assert html.count("<svg") <= 45
    assert "1,960 more" in html
    assert len(html) < 100_000


def test_static_html_of_a_constant_model():
    html = static_html(linear([0.0, 0.0], ["a", "b"]), "k")
    assert "nan" not in html.lower()
    assert "carry 90" not in html


def test_static_html_without_directions_has_no_hue():
    html = static_html(linear([1.0, 2.0], ["a", "b"], outputs=3), "k")
    body = html[html.index("</style>") :]
    assert "nbx-static__rises" not in body
    assert "nbx-static__falls" not in body
    assert "↑" not in body


def test_static_html_shows_notes():
    html = static_html(credit_with_notes(), "k")
    assert "<li>Column &lt;i&gt;x&lt;/i&gt; is unused.</li>" in html


def credit_with_notes():
    fake = credit()
    fake.notes = ("Column <i>x</i> is unused.",)
    return fake


@pytest.mark.parametrize("key", ["", "a b", 'a"b', "a>b", "é"])
def test_static_html_refuses_keys_that_are_no_id(key):
    with pytest.raises(ValueError, match="key"):
        static_html(credit(), key)


def test_styles_touch_nothing_outside_the_fragment():
    rules = re.sub(r"@(media|container)[^{]*\{", "", sheet("#nbx-static-k"))
    rules = re.sub(r"\([^()]*\)", "()", rules.replace("(#nbx-static-k)", "#nbx-static-k"))
    selectors = [part for rule in re.findall(r"([^{}]+)\{", rules) for part in rule.split(",")]
    assert selectors
    assert all("#nbx-static-k" in selector for selector in selectors)


def test_classes_are_those_of_this_form_alone():
    """The live view's style sheet holds for the whole page, and names its parts nbx-…, too."""
    classes = [
        value for name, value in Tags(static_html(nasty(), "k")).attributes if name == "class"
    ]
    assert len(classes) > 100
    own = re.compile(r"nbx-static(__[a-z-]+)?|(mathjax|tex2jax)_ignore")
    assert all(own.fullmatch(name) for value in classes for name in value.split())


def test_hues_have_contrast():
    from nbexplain.notebook.report.style import DARK, LIGHT, UNSTYLED

    for hues, papers in ((LIGHT, ["#ffffff"]), (DARK, ["#15181c"]), (UNSTYLED, ["#fff", "#111"])):
        for hue in hues.values():
            for paper in papers:
                assert contrast(hue, paper) >= 3


def contrast(one, other):
    def luminance(colour):
        digits = colour[1:]
        digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
        parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_fake_agrees_with_a_real_explanation():
    real = linear([1.0, -6.0, 3.0], ["a", "b", "c"])
    made_up = {"names", "rms", "mean", "std", "low", "high", "asked"}
    assert [n for n in vars(Fake(["a"], [1.0])) if n not in made_up and not hasattr(real, n)] == []
