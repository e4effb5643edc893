"""The instance picker as only a browser shows it: painted marks, a real pointer, themes."""

import pytest

from tests.browser.test_demo_page import AXE, VIOLATIONS, built, demo  # noqa: F401

PLOT = "[data-nbx-plot]"
MODES = ["plot", "beeswarm", "table"]
# How many dots of the base layer are orange, blue and grey, whatever the theme.
HUES = """
() => {
    const canvas = document.querySelector("[data-nbx-plot] canvas");
    // A copy, since reading the canvas itself often makes it slower to draw on.
    const { width, height } = canvas;
    const copy = new OffscreenCanvas(width, height);
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const found = { orange: 0, blue: 0, grey: 0 };
    for (let i = 0; i < data.length; i += 4) {
        if (!data[i + 3]) continue;
        const lean = data[i] - data[i + 2];
        found[lean > 40 ? "orange" : lean < -40 ? "blue" : "grey"] += 1;
    }
    return found;
}
"""


def choose(page, mode):
    page.locator(f"[data-mode={mode}]").click()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_nothing_in_any_mode(demo, request, mode, dark):  # noqa: F811
    page = demo("credit&kind=instances", 500, dark=dark)
    page.locator(".nbx-cell-wrong").first.click()
    choose(page, mode)
    page.add_script_tag(path=request.config.rootpath / AXE)
    assert page.evaluate(VIOLATIONS) == []


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_wider_than_its_place(demo, mode):  # noqa: F811
    page = demo("credit,flow&kind=instances", 250)
    for show in ("credit", "flow"):
        page.locator(f"#{show} [data-mode={mode}]").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 282


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_marks_are_coloured_by_the_attribution_of_the_picked_feature(demo, dark):  # noqa: F811
    page = demo("flow&kind=instances", dark=dark)
    rises = page.evaluate(HUES)
    assert rises["orange"] > 10 * (rises["blue"] + 1)
    page.evaluate("stores.flow.choose({ feature: 2 })")
    page.locator(".nbx-colour", has_text="snowmelt").wait_for()
    falls = page.evaluate(HUES)
    assert falls["blue"] > 10 * (falls["orange"] + 1)


def test_marks_are_repainted_when_the_theme_changes(demo):  # noqa: F811
    page = demo("flow&kind=instances")
    before = page.evaluate("document.querySelector('[data-nbx-plot] canvas').toDataURL()")
    page.evaluate("document.body.classList.add('dark')")
    page.locator("[data-theme=dark]").wait_for()
    page.wait_for_function(
        "(was) => document.querySelector('[data-nbx-plot] canvas').toDataURL() !== was", arg=before
    )


def test_a_click_picks_the_mark_that_was_ringed(demo):  # noqa: F811
    page = demo("many&kind=instances")
    box = page.locator(PLOT).bounding_box()
    for share in (0.31, 0.4, 0.52, 0.613):
        x, y = box["x"] + share * box["width"] + 0.4, box["y"] + box["height"] * (0.9 - 0.8 * share)
        page.mouse.move(x, y)
        hovered = page.evaluate("stores.many.hovered.value")
        page.mouse.down()
        page.mouse.up()
        assert hovered is not None
        assert page.evaluate("stores.many.instance.value") == hovered


def test_a_brush_dims_the_others_and_moves_nothing(demo):  # noqa: F811
    page = demo("credit&kind=instances", 250)
    box = page.locator(PLOT).bounding_box()
    page.mouse.move(box["x"] + 150, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 240, box["y"] + 220, steps=4)
    page.locator("[data-brushed]").wait_for()
    assert page.locator(PLOT).bounding_box() == box
    page.mouse.up()
    base, lit = page.locator(f"{PLOT} canvas").evaluate_all(
        "(layers) => layers.map((layer) => getComputedStyle(layer).opacity)"
    )
    assert float(base) < 0.5
    assert float(lit) == 1
    page.locator("[data-brushed]").click()
    assert page.evaluate("stores.credit.rows.value") is None


def test_a_tap_picks(browser, built):  # noqa: F811
    page = browser.new_page(has_touch=True)
    page.goto(f"{built}?show=flow&kind=instances")
    box = page.locator(PLOT).bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function("stores.flow.instance.value !== null")
    page.close()
