"""Panels that follow the names of their `%explain` line, in a real shell."""

import numpy as np
import pytest

import nbexplain as nbx
from nbexplain.live import fingerprint as fingerprints
from nbexplain.notebook.follow import followed as module
from nbexplain.notebook.widgets import forms
from tests.notebook.pages import Page

MAKES = """
import torch
from torch import nn
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
data = torch.randn(200, 3)
"""


@pytest.fixture
def cells(shell, monkeypatch):
    """Runs cells as a kernel does, the last expression displayed."""
    monkeypatch.setattr(forms, "in_kernel", lambda: True)
    monkeypatch.setattr(forms, "_display", lambda data: None)

    def run(code):
        return shell.run_cell(code, store_history=False)

    run.shell = shell
    assert run(MAKES).success
    yield run
    shell.run_line_magic("explain", "--stop")


def following(cells, line="net data"):
    assert cells(f"%explain {line}").success
    (one,) = nbx.followed()
    return one


def heard(shell):
    return len(
        [c for c in shell.events.callbacks["post_run_cell"] if "Followers" in c.__qualname__]
    )


def trait(one):
    return Page(one._view).session.versions


def before(one):
    packed = trait(one)["before"]
    return np.frombuffer(packed["data"], "<f4").reshape(packed["shape"])


CHANGES = {
    "weights": "net[0].weight.data[:, 0] = 0",
    "numpy": "net[0].weight.detach().numpy()[:, 0] *= 3",
    "state": "net.load_state_dict({k: 2 * v for k, v in net.state_dict().items()})",
    "rebound": MAKES.replace("manual_seed(0)", "manual_seed(1)"),
    "pruned": "from torch.nn.utils import prune\nprune.l1_unstructured(net[0], 'weight', 0.5)",
    "layer": "net[0] = nn.Linear(3, 8)",
    "activation": "net[1] = nn.ReLU()",
    "forward": "net.forward = lambda x: x[:, :1] * 3 + nn.Sequential.forward(net, x)",
    "data": "data = data * torch.tensor([1.0, 1.0, 5.0])",
    "in place": "data[:, 1] = data[:, 1] * 4; None",
    "fewer rows": "data = data[:100]",
    "training": (
        "opt = torch.optim.Adam(net.parameters(), fused=True)\n"
        "net(data).square().mean().backward(); opt.step()"
    ),
}


@pytest.mark.parametrize("code", CHANGES.values(), ids=CHANGES)
def test_a_change_is_explained_anew_and_shown_against_the_version_before(cells, code):
    one = following(cells)
    first = one.explanation
    assert cells(code).success
    assert one.explanation is not first
    assert [v.number for v in one.versions] == [1, 2]
    assert one._view.explanation is one.explanation
    told = trait(one)
    assert (told["shown"], told["against"], told["note"]) == (2, 1, "")
    assert told["sentence"].startswith("version 2 against version 1:")
    np.testing.assert_allclose(before(one)[0], first.importances().share, rtol=1e-6)
    now = nbx.explain(cells.shell.user_ns["net"], cells.shell.user_ns["data"])
    np.testing.assert_allclose(one.explanation.importances().share, now.importances().share)


def test_of_a_large_model_it_is_said_that_a_sample_is_looked_at(cells, monkeypatch):
    monkeypatch.setattr(fingerprints, "MODEL", 64)
    one = following(cells)
    (note,) = trait(one)["notes"]
    assert note == "net is large: after each cell a sample of its parameters is looked at."
    assert cells(CHANGES["weights"]).success
    assert note in trait(one)["notes"]


@pytest.mark.parametrize(
    "code",
    [
        "pass",
        "x = 1 + 1",
        "net.load_state_dict(net.state_dict())",
        "net(data); net.train()",
        "data = data.clone()",
        MAKES,
        "%explain --help",
        "1 / 0",
    ],
)
def test_what_changes_nothing_is_quiet(cells, code, monkeypatch):
    one = following(cells)
    monkeypatch.setattr(module, "explain", lambda *_, **__: pytest.fail("explained"))
    cells(code)
    assert len(one.versions) == 1
    assert "sentence" not in trait(one)


def test_another_way_to_compute_the_same_is_no_version(cells):
    one = following(cells)
    first = one.explanation
    cells("order = torch.randperm(8); net[0].weight.data = net[0].weight.data[order]")
    cells("net[0].weight.data = net[0].weight.data[order.argsort()]")
    assert len(one.versions) == 3
    cells(
        "net[0].weight.data = net[0].weight.data[order]\n"
        "net[0].bias.data = net[0].bias.data[order]\n"
        "net[2].weight.data = net[2].weight.data[:, order]"
    )
    assert len(one.versions) == 3  # hidden units in another order
    assert one.explanation is not first
    assert one.versions[-1].explanation is one.explanation


def test_derivatives_that_turn_are_a_version(cells):
    one = following(cells)
    cells("net[2].weight.data.neg_()")
    assert trait(one)["sentence"].startswith("version 2 against version 1: no share changed; ")


def test_another_bias_of_the_first_layer_is_a_version_whose_sentence_says_so(cells):
    one = following(cells)
    cells("net[2].bias.data += 1")
    assert len(one.versions) == 2
    assert trait(one)["sentence"] == "version 2 against version 1: no share changed."


def test_claims_and_ranks_go_to_the_page(cells):
    one = following(cells)
    cells("net[0].weight.data[:, 0] = 0")
    _, rank, claim = before(one)
    assert claim[0] == -1
    assert sorted(rank) == [1, 2, 3]
    assert trait(one)["response"] == "raw"
    assert trait(one)["output"] == 0


def test_a_name_that_is_gone_and_one_that_comes_back(cells):
    one = following(cells)
    assert cells("del net").success
    assert trait(one)["note"] == "net is no longer defined: shown is what it was last."
    cells(MAKES.replace("manual_seed(0)", "manual_seed(1)"))
    assert trait(one)["note"] == ""
    assert len(one.versions) == 2


def test_a_model_that_fails_is_said_and_costs_no_exception(cells):
    one = following(cells)
    result = cells("net[0] = nn.Linear(7, 8)")
    assert result.success
    assert trait(one)["note"].startswith("net has changed and cannot be explained: ")
    assert one._view.explanation is one.versions[-1].explanation
    cells("net[0] = nn.Linear(3, 8)")
    assert trait(one)["note"] == ""
    assert len(one.versions) == 2


def test_what_a_cell_did_before_its_error_counts(cells):
    one = following(cells)
    assert not cells("net[0].weight.data[:, 0] = 0\n1 / 0").success
    assert len(one.versions) == 2


def test_an_interrupt_is_said_and_made_good_after_the_next_cell(cells, monkeypatch):
    one = following(cells)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "explain", interrupted)
        assert cells("net[0].weight.data[:, 0] = 0").success
    assert trait(one)["note"].startswith("Interrupted: net is explained")
    cells("pass")
    assert trait(one)["note"] == ""
    assert len(one.versions) == 2


def test_expressions_with_calls_are_known_by_their_names_and_run_only_on_a_change(cells):
    cells("calls = []\ndef head(x):\n    calls.append(1)\n    return x[:150]")
    one = following(cells, "net head(data)")
    cells("pass")
    assert len(cells.shell.user_ns["calls"]) == 1
    cells("data = data * torch.tensor([1.0, 1.0, 5.0])")
    assert len(cells.shell.user_ns["calls"]) == 2
    assert one.explanation.count == 150
    assert len(one.versions) == 2


def test_options_stay(cells):
    one = following(cells, "net data --scale none")
    cells("net[0].weight.data[:, 0] = 0")
    assert one.explanation.scale == "none"


def test_other_outputs_cannot_be_compared_and_are_shown(cells):
    one = following(cells)
    cells("net[2] = nn.Linear(8, 3)")
    assert one.explanation.outputs == ("y0", "y1", "y2")
    assert "answer different questions: outputs" in trait(one)["sentence"]
    assert "before" not in trait(one)


def test_another_response_is_compared_too(cells):
    cells("labels = ['no', 'yes'] * 100; net[2] = nn.Linear(8, 2)")
    one = following(cells, "net data labels")
    cells("net[0].weight.data[:, 0] = 0")
    one._view.response = "logodds"
    assert trait(one)["response"] == "logodds"
    one._view.output = "no"
    assert trait(one)["output"] == 0


def test_by_another_method_a_version_is_shown_and_compared_as_it_was_explained(cells):
    one = following(cells)
    one._view.method = "deeplift"
    cells("net[0].weight.data[:, 0] = 0")
    assert one.explanation.method == "sensitivity"
    assert one._view.explanation is one.explanation.with_method("deeplift")
    assert trait(one)["sentence"] == "Versions are compared as they were explained, by sensitivity."
    assert "before" not in trait(one)
    one._view.method = "sensitivity"
    assert "lost: x0" in trait(one)["sentence"]


class TestEnds:
    def test_nothing_listens_before_the_first_and_after_the_last(self, cells):
        assert heard(cells.shell) == 0
        following(cells)
        assert heard(cells.shell) == 1
        cells("%explain --stop")
        assert heard(cells.shell) == 0
        assert nbx.followed() == ()

    def test_stopping_is_said_in_the_panel(self, cells):
        one = following(cells)
        view = one._view
        cells("%explain --stop")
        told = Page(view).session.versions
        assert (told["followed"], told["note"]) == (
            False,
            "No longer followed: %explain follows again.",
        )
        cells("net[0].weight.data[:, 0] = 0")
        assert len(one.versions) == 1

    def test_a_closed_panel_ends_it(self, cells):
        one = following(cells)
        one._view.close()
        cells("net[0].weight.data[:, 0] = 0")
        assert nbx.followed() == ()
        assert heard(cells.shell) == 0

    def test_unloading_ends_it(self, cells):
        following(cells)
        cells("%unload_ext nbexplain")
        assert heard(cells.shell) == 0
        cells("%load_ext nbexplain")

    def test_what_is_not_displayed_is_not_followed(self, cells):
        cells("ex = %explain net data")
        assert nbx.followed() == ()
        assert heard(cells.shell) == 0

    def test_the_same_line_again_takes_over_with_its_versions(self, cells):
        first = following(cells)
        view = first._view
        cells("net[0].weight.data[:, 0] = 0")
        second = following(cells)
        assert second is not first
        assert Page(view).session.versions["note"] == "Followed in a later panel."
        assert [v.number for v in second.versions] == [1, 2]
        assert trait(second)["against"] == 1
        assert heard(cells.shell) == 1

    def test_at_most_six_lines_are_followed(self, cells):
        for rows in range(100, 108):
            cells(f"%explain net data[:{rows}]")
        assert [one.line[1] for one in nbx.followed()] == [f"data[:{n}]" for n in range(102, 108)]


def test_a_watched_model_is_left_to_its_watch_until_that_ends(cells):
    one = following(cells)
    cells("w = %explain --live net data")
    cells(CHANGES["training"])
    assert len(one.versions) == 1
    cells("w.stop(); None")
    assert len(one.versions) == 2


class TestVersions:
    @pytest.fixture
    def three(self, cells):
        one = following(cells)
        cells("net[0].weight.data[:, 0] = 0")
        cells("net[0].weight.data[:, 1] = 0")
        return one

    def test_going_back_shows_an_earlier_one(self, three):
        three.back(2)
        told = trait(three)
        assert (told["shown"], told["against"]) == (2, 1)
        assert three._view.explanation is three.versions[2].explanation

    def test_a_change_after_going_back_is_against_what_was_shown(self, three, cells):
        three.back(1)
        cells("net[0].weight.data *= 0.5")
        assert (trait(three)["shown"], trait(three)["against"]) == (4, 1)

    def test_what_is_compared_with_can_be_chosen_and_stays(self, three, cells):
        found = three.compare(1)
        assert found.names == ("version 1", "version 3")
        assert trait(three)["against"] == 1
        cells("net[0].weight.data[:, 2] *= 0.5")
        assert (trait(three)["shown"], trait(three)["against"]) == (4, 1)
        three.compare(None)
        assert trait(three)["against"] is None
        assert "before" not in trait(three)

    def test_the_page_asks_for_all_of_it(self, three):
        page = Page(three._view)

        def ask(**content):
            page.hear({"t": "version", **content})
            return trait(three)

        assert ask(do="show", number=1)["shown"] == 1
        assert ask(do="pin", number=1, pinned=True)["list"][0] == [1, "version 1", True]
        assert ask(do="name", number=1, name="<b>as trained</b>")["list"][0][1] == (
            "<b>as trained</b>"
        )
        assert ask(do="show", number=3)["shown"] == 3
        assert ask(do="against", number=1)["against"] == 1
        assert ask(do="against", number=None)["against"] is None

    @pytest.mark.parametrize(
        "content", [{"do": "show", "number": 9}, {"do": "show", "number": "x"}, {"do": "burn"}, {}]
    )
    def test_messages_that_make_no_sense_are_ignored(self, three, content):
        told = trait(three)
        Page(three._view).hear({"t": "version", **content})
        assert trait(three) == told


def test_displaying_the_first_explanation_again_shows_it_and_not_its_later_versions(cells):
    one = following(cells)
    first = one.explanation
    cells("net[0].weight.data[:, 0] = 0")
    assert forms.shown_view(first) is None
    first._ipython_display_()
    assert forms.shown_view(first).explanation is first
    assert one._view.explanation is one.explanation
