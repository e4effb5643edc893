"""The views on fixtures, without Jupyter: themes, states, accessibility, many features."""

import shutil
import subprocess

import pytest

from tests.browser.notebook import SCREENSHOTS

AXE = "node_modules/axe-core/axe.min.js"
VIOLATIONS = """
async () => (await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] })).violations
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
"""
ROW = "[data-feature]"
# From a change to the task after the frame that shows it, in milliseconds.
TIME_TO_FRAME = """
async (change) => {
    const list = document.querySelector(".nbx-list");
    const times = [];
    for (let i = 0; i < 30; i++) {
        const began = performance.now();
        eval(change)(i, list);
        await new Promise((done) => requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = done;
            channel.port2.postMessage(0);
        }));
        times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b)[15];
}
"""


@pytest.fixture(scope="module")
def built(request):
    root = request.config.rootpath
    npm = shutil.which("npm")
    assert npm, "the demo page is built by npm"
    subprocess.run([npm, "run", "--silent", "demo"], cwd=root, check=True)
    return (root / "out/demo-page/index.html").as_uri()


@pytest.fixture
def demo(browser, built):
    """`demo(show, width, dark)` gives the page; its console stays silent."""
    pages, said = [], []

    def opened(show, width=900, *, dark=False, **options):
        page = browser.new_page(viewport={"width": width + 32, "height": 700}, **options)
        pages.append(page)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{built}?show={show}" + "&dark" * dark)
        page.locator("[data-nbx-state]").first.wait_for()
        return page

    yield opened
    for page in pages:
        page.close()
    assert said == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [250, 900])
def test_axe_finds_nothing_in_any_state(demo, request, dark, width):
    page = demo("credit,wide,constant,empty,loading,error,live", width, dark=dark)
    page.locator(f"#credit {ROW}").nth(2).click()
    page.locator("#credit summary").click()
    page.locator("#error summary").click()
    page.locator("#wide [aria-haspopup=listbox]").click()
    page.mouse.move(0, 0)
    page.add_script_tag(path=request.config.rootpath / AXE)
    assert page.evaluate(VIOLATIONS) == []


PICKED = """
() => {
    const { credit } = stores;
    const { positions } = credit.instances.value;
    credit.choose({
        feature: 3, instance: positions[5], other: positions[9], rows: positions.slice(1500, 2500),
    });
}
"""


@pytest.mark.parametrize("kind", ["explorer", "local"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [250, 900])
def test_axe_finds_nothing_in_what_is_picked(demo, request, kind, dark, width):
    page = demo(f"credit&kind={kind}", width, dark=dark)
    page.evaluate(PICKED)
    page.locator(".nbx-local [data-feature]").first.wait_for()
    page.locator(".nbx-others button").click()
    page.get_by_role("button", name="Download").click()
    page.locator("[role=menu]:focus").wait_for()
    page.mouse.move(0, 0)
    page.add_script_tag(path=request.config.rootpath / AXE)
    assert page.evaluate(VIOLATIONS) == []


def test_the_panel_has_two_columns_where_it_is_wide(demo):
    places = """
        [...document.querySelectorAll(".nbx-explorer > *")].map((view) => {
            const { left, top, bottom } = view.getBoundingClientRect();
            return [view.dataset.nbxView, Math.round(left), Math.round(top), Math.round(bottom)];
        })
    """
    page = demo("credit", 900)
    page.evaluate(PICKED)
    page.locator(".nbx-local [data-feature]").first.wait_for()
    bars, instances, local = page.evaluate(places)
    assert [view[0] for view in (bars, instances, local)] == ["importance", "instances", "local"]
    assert bars[1] < instances[1] == local[1]
    assert bars[2] == instances[2] < instances[3] < local[2]
    assert bars[3] == local[3]
    page = demo("credit", 500)
    bars, instances, local = page.evaluate(places)
    assert bars[1] == instances[1] == local[1]
    assert bars[3] < instances[2] < instances[3] < local[2]
    assert page.locator(".nbx-list").evaluate("list => list.clientHeight") <= 260


def test_marks_of_a_brush_move_within_a_frame(demo):
    page = demo("credit")
    page.locator(ROW).first.wait_for()
    change = "(i) => { const { positions } = stores.credit.instances.value;"
    change += " stores.credit.choose({ rows: positions.slice(20 * i, 20 * i + 600) }); }"
    assert page.evaluate(TIME_TO_FRAME, change) < 100
    assert page.locator(".nbx-brushed").count() == page.locator(".nbx-row").count() > 5


def test_the_panel_can_be_taken_away(demo, tmp_path):
    page = demo("credit", 900)
    page.evaluate(PICKED)
    page.locator(".nbx-local [data-feature]").first.wait_for()
    files = {}
    for name in ("picture.png", "drawing.svg", "importances.csv", "instances.csv", "instance.csv"):
        page.get_by_role("button", name="Download").click()
        with page.expect_download() as arrived:
            page.locator(f"[data-download='{name}']").click()
        assert arrived.value.suggested_filename == f"Sequential-{name}"
        files[name] = tmp_path / name
        arrived.value.save_as(files[name])
    drawing = files["drawing.svg"].read_text()
    for words in ("PAY_0", "LIMIT_BAL", "Sensitivity of P(default)", "+0.125", "Two instances"):
        assert words in drawing
    for words in ("Download", "Filter", "Find a row", "log-odds", "Beeswarm", "×"):
        assert words not in drawing
    assert drawing.count('fill="rgb(184, 72, 8)"') > 20, "bars"
    assert drawing.count('height="1" fill="rgb(29, 33, 38)"') > 20, "whiskers"
    assert 'href="data:image/png' in drawing, "the points"
    picture = files["picture.png"].read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    width = round(page.locator(".nbx").bounding_box()["width"])
    assert int.from_bytes(picture[16:20], "big") == 2 * width
    assert len(files["instances.csv"].read_text().splitlines()) == 1001
    assert not page.locator(".nbx-printing").count()
    page.goto(files["drawing.svg"].as_uri())
    assert page.locator("text", has_text="PAY_0").count() == 2


@pytest.mark.parametrize("width", [250, 320, 500, 900, 1200])
def test_nothing_is_wider_than_its_place(demo, width):
    page = demo("credit,wide,hostile,simple,error,loading,empty", width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width + 32
    for view in page.locator(".nbx").all():
        box = view.bounding_box()
        assert box["x"] + box["width"] <= width + 16.5


def test_the_theme_follows_what_is_painted_behind(demo):
    page = demo("credit")
    root = page.locator(".nbx")
    assert root.get_attribute("data-theme") == "light"
    page.evaluate("document.body.classList.add('dark')")
    page.locator(".nbx[data-theme=dark]").wait_for()
    for colour, theme in [
        ("oklch(0.98 0 0)", "light"),
        ("rgb(255 255 255 / 10%)", "dark"),
        ("rgb(255 255 255 / 95%)", "light"),
    ]:
        page.evaluate(
            "colour => { document.querySelector('main').style.background = colour;"
            " document.body.dataset.tick = colour; }",
            colour,
        )
        page.locator(f".nbx[data-theme={theme}]").wait_for()


def test_hostile_names_are_text(demo):
    page = demo("hostile")
    page.locator("#hostile summary").click()
    for row in page.locator(ROW).all():
        row.hover()
    page.locator("#hostile [aria-haspopup=listbox]").click()
    assert page.evaluate("window.hacked ?? null") is None
    assert page.locator("#hostile").locator("img, script, b, u, h1").count() == 0
    assert page.locator(ROW).count() == page.evaluate("stores.hostile.names.value.length")
    heights = page.locator(ROW).evaluate_all(
        "rows => rows.map((row) => Math.max(...[...row.children].map((c) => c.scrollHeight)))"
    )
    assert max(heights) <= 24, "a name takes more than its line"


def test_two_thousand_features_are_few_rows(demo):
    page = demo("wide")
    rows = page.locator(ROW)
    rows.first.wait_for()
    assert rows.count() <= 60
    page.locator(".nbx-list").evaluate("list => list.scrollTop = list.scrollHeight / 2")
    page.wait_for_function("document.querySelector('[data-feature]').ariaPosInSet > 900")
    assert rows.count() <= 60
    names = rows.evaluate_all("rows => rows.map((row) => row.dataset.feature)")
    order = page.evaluate("stores.wide.ranking.value.order")
    known = page.evaluate("stores.wide.names.value")
    ranked = [known[feature] for feature in order]
    start = ranked.index(names[0])
    assert names == ranked[start : start + len(names)]
    page.locator(".nbx-list").press("End")
    page.locator("[aria-selected=true][aria-posinset='2000']").wait_for()


@pytest.mark.parametrize(
    "change",
    [
        "(i, list) => { list.scrollTop = 311 * i; }",
        "(i) => stores.wide.choose({ output: i % 2 })",
        "(i) => stores.wide.choose({ feature: 37 * i })",
    ],
    ids=["scroll", "output", "pick"],
)
def test_two_thousand_features_move_without_jank(demo, change):
    """A guard against redrawing everything (hundreds of milliseconds), not a benchmark."""
    page = demo("wide")
    page.locator(ROW).first.wait_for()
    assert page.evaluate(TIME_TO_FRAME, change) < 100


def test_keyboard_alone_reaches_everything(demo):
    page = demo("credit")
    reached = []
    for _ in range(7):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "() => { const a = document.activeElement;"
                " return a.closest('[data-output]') ? 'output' : a.closest('[data-response]')"
                " ? 'response' : a.getAttribute('role') ?? a.localName; }"
            )
        )
    assert reached[:6] == ["output", "response", "button", "summary", "input", "listbox"]
    page.locator("[data-response=prob] input").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("stores.credit.shown.value.response") == "logodds"
    page.locator(".nbx-list").focus()
    page.keyboard.press("/")
    page.keyboard.type("pay_amt")
    page.keyboard.press("Enter")
    selected = page.locator("[data-feature][aria-selected=true]")
    selected.wait_for()
    assert selected.get_attribute("data-feature").startswith("PAY_AMT")


def test_the_tip_names_the_interval_and_stays_inside(demo):
    page = demo("credit", 250)
    for place in (0, 22):
        page.locator(ROW).nth(place).hover()
        tip = page.locator(".nbx-tip")
        tip.get_by_text("row sampling").wait_for()
        box, root = tip.bounding_box(), page.locator(".nbx").bounding_box()
        assert root["x"] <= box["x"]
        assert box["x"] + box["width"] <= root["x"] + root["width"] + 0.5
        assert root["y"] <= box["y"]
        assert box["y"] + box["height"] <= root["y"] + root["height"] + 0.5
    page.mouse.move(0, 0)
    tip.wait_for(state="detached")
    page.locator(".nbx-list").press("End")
    tip.get_by_text("BILL_AMT6").wait_for()
    page.keyboard.press("Escape")
    tip.wait_for(state="detached")


def test_a_pick_far_down_is_brought_into_the_window(demo):
    page = demo("wide")
    for feature in (1_200, 3):
        page.evaluate(f"stores.wide.choose({{ feature: {feature} }})")
        row = page.locator("[aria-selected=true][data-feature]")
        row.wait_for()
        box, list_box = row.bounding_box(), page.locator(".nbx-list").bounding_box()
        assert list_box["y"] <= box["y"] + 0.5
        assert box["y"] + box["height"] <= list_box["y"] + list_box["height"] + 0.5


def test_forced_colours_keep_bars_and_the_choice_visible(demo):
    page = demo("credit", forced_colors="active")
    page.locator(ROW).nth(1).click()
    bar = page.locator(".nbx-bar").first
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert bar.evaluate("bar => getComputedStyle(bar).backgroundColor") != paper
    outline = page.locator(".nbx-selected").evaluate("row => getComputedStyle(row).outlineStyle")
    assert outline == "solid"


def test_motion_is_left_out_where_that_is_asked_for(demo):
    moving = "document.getAnimations().filter((a) => a.effect.target.matches('.nbx *')).length"
    for motion, moves in (("reduce", False), ("no-preference", True)):
        page = demo("credit", reduced_motion=motion)
        count = page.evaluate(
            "async () => { stores.credit.choose({ output: 0 });"
            f" await new Promise(requestAnimationFrame); return {moving}; }}"
        )
        assert (count > 0) == moves


def test_styles_reach_a_shadow_root_and_leave_with_the_view(demo):
    page = demo("credit")
    assert page.evaluate("document.adoptedStyleSheets.length") == 1
    page.evaluate("controllers.credit.abort()")
    assert page.evaluate("document.adoptedStyleSheets.length") == 0
    assert page.locator("#credit > *").count() == 0


def test_a_view_in_a_detached_element_is_styled_once_it_stands(demo):
    page = demo("credit")
    page.evaluate(
        """() => {
            const host = document.createElement("section");
            const root = host.attachShadow({ mode: "open" });
            const element = document.createElement("div");
            root.append(element);
            mount(element, "importance", stores.credit, { signal: controllers.credit.signal });
            document.body.append(host);
        }"""
    )
    inside = page.locator("section .nbx[data-theme=light]")
    inside.wait_for()
    assert inside.evaluate("root => getComputedStyle(root).display") == "flex"


def test_the_static_form_is_hidden_while_the_view_lives(demo):
    page = demo("credit")
    page.evaluate(
        """() => {
            document.body.insertAdjacentHTML("beforeend",
                `<div class="jp-OutputArea-child"><div id="nbx-static-key">bars</div></div>
                 <div class="jp-OutputArea-child" id="other">another output</div>
                 <div class="jp-OutputArea-child" id="live"></div>`);
            window.third = new AbortController();
            const live = document.querySelector("#live");
            const options = { signal: third.signal, replaces: "key" };
            mount(live, "importance", stores.credit, options);
        }"""
    )
    page.locator("#nbx-static-key").wait_for(state="hidden")
    assert page.locator("#other").is_visible()
    assert page.locator("#live .nbx").is_visible()
    page.evaluate("third.abort()")
    page.locator("#nbx-static-key").wait_for(state="visible")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pictures(demo, dark):
    """For people to look at, in out/screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    theme = "dark" if dark else "light"
    for width in (250, 500, 900):
        page = demo("credit,wide,simple,hostile", width, dark=dark, device_scale_factor=2)
        page.locator(f"#credit {ROW}").nth(2).click()
        page.screenshot(path=SCREENSHOTS / f"demo-{width}-{theme}.png", full_page=True)
    page = demo("empty,loading,error,live", 500, dark=dark, device_scale_factor=2)
    page.screenshot(path=SCREENSHOTS / f"demo-states-{theme}.png", full_page=True)
