"""What is picked: rows and features by name, shared between views, explanations and pages."""

import gc

import numpy as np
import pandas as pd
import pytest
import torch
import traitlets

import nbexplain as nbx
from nbexplain.notebook.widgets import session as sessions
from tests.notebook.pages import Page

NAMES = ["age", "income", "debt"]
KINDS = ["Explorer", "ImportanceBars", "InstancePicker", "LocalBars"]
INDEX = [f"customer {k}" for k in range(40)]


def network(inputs=3, outputs=2, seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, 4), torch.nn.Tanh(), torch.nn.Linear(4, outputs)
    )


def frame(index=INDEX, columns=NAMES):
    values = np.random.default_rng(0).normal(size=(len(index), len(columns)))
    return pd.DataFrame(values, columns=columns, index=index)


def explained(X=None, seed=0, **options):
    X = frame() if X is None else X
    return nbx.explain(network(len(X.T), seed=seed), X, ["no", "yes"] * (len(X) // 2), **options)


@pytest.fixture
def ex():
    return explained()


class TestTraits:
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_view_has_them_all(self, ex, kind):
        view = getattr(nbx, kind)(ex, feature="age", instance="customer 3")
        view.other, view.rows = "customer 4", ["customer 7", "customer 2"]
        assert (view.feature, view.instance, view.other) == ("age", "customer 3", "customer 4")
        assert view.rows == ("customer 7", "customer 2")
        assert Page(view).chosen == {
            "feature": 0,
            "instance": 3,
            "other": 4,
            "rows": [7, 2],
            "output": 1,
            "response": "prob",
            "client": "",
            "seq": 0,
        }

    def test_rows_without_an_index_are_called_by_their_positions(self):
        view = nbx.LocalBars(nbx.explain(torch.nn.Linear(3, 1), torch.randn(9, 3)))
        view.instance, view.other, view.rows = np.int64(4), -1, np.array([1, 2])
        assert (view.instance, view.other, view.rows) == (4, 8, (1, 2))
        assert type(view.instance) is int

    def test_a_row_that_was_not_kept_can_be_picked(self):
        view = nbx.LocalBars(explained(keep=[1, 2]))
        view.instance, view.rows = "customer 9", INDEX[:5]
        assert Page(view).chosen["instance"] == 9
        assert Page(view).chosen["rows"] == [0, 1, 2, 3, 4]

    @pytest.mark.parametrize(
        ("trait", "value", "kind", "words"),
        [
            ("instance", "costumer 7", ValueError, "customer 0.*Did you mean 'customer 7'"),
            ("other", 3, ValueError, "row=3 is not in X's index"),
            ("rows", ["customer 1", "Smith"], ValueError, "row='Smith' is not in X's index"),
            ("rows", "customer 1", TypeError, "rows='customer 1' is not a list"),
            ("rows", 7, TypeError, "rows=7 is not a list"),
            ("rows", np.array(7), TypeError, r"rows=array\(7\) is not a list"),
            ("rows", frame()["age"] > 0, TypeError, r"mask: .* X.index\[mask\]"),
        ],
    )
    def test_a_row_that_is_not_there_is_refused_and_changes_nothing(
        self, ex, trait, value, kind, words
    ):
        view = nbx.InstancePicker(ex, instance="customer 5", rows=INDEX[:2])
        before = (view.instance, view.other, view.rows)
        with pytest.raises(kind, match=words):
            setattr(view, trait, value)
        assert (view.instance, view.other, view.rows) == before
        assert Page(view).chosen["instance"] == 5

    def test_a_position_outside_x_is_refused(self):
        view = nbx.LocalBars(nbx.explain(torch.nn.Linear(3, 1), torch.randn(9, 3)))
        with pytest.raises(ValueError, match="rows 0 to 8"):
            view.instance = 9
        with pytest.raises(TypeError, match="not a position"):
            view.instance = "4"

    def test_a_loaded_explanation_knows_its_kept_rows(self, tmp_path):
        explained(keep=[1, 2, 30]).save(tmp_path / "ex.nbx")
        view = nbx.LocalBars(nbx.load(tmp_path / "ex.nbx"), instance="customer 2")
        assert Page(view).chosen["instance"] == 2
        view.rows = ["customer 30", "customer 1"]
        assert Page(view).chosen["rows"] == [30, 1]
        with pytest.raises(ValueError, match=r"3 kept rows \(customer 1, .*Did you mean"):
            view.instance = "customer 3"
        for row in (5, 39):
            Page(view).pick(instance=row)
            assert view.instance == "customer 2"

    def test_near_labels_are_written_as_they_are(self):
        view = nbx.LocalBars(explained(frame(range(100, 140))))
        with pytest.raises(ValueError, match=r"Did you mean 100 or"):
            view.instance = "100"
        with pytest.raises(ValueError, match=r"is the label of 2 rows.*apart\.$"):
            nbx.LocalBars(explained(frame(INDEX[:20] * 2)), instance="customer 1")

    def test_a_row_is_brushed_once(self, ex):
        view = nbx.Explorer(ex, rows=[INDEX[3], INDEX[1], INDEX[3]])
        assert view.rows == (INDEX[3], INDEX[1])
        assert Page(view).chosen["rows"] == [3, 1]

    def test_nothing_brushed_is_none(self, ex):
        view = nbx.InstancePicker(ex, rows=INDEX[:3])
        for nothing in ([], (), np.array([])):
            view.rows = INDEX[:3]
            view.rows = nothing
            assert view.rows is None
            assert Page(view).chosen["rows"] is None

    def test_any_list_of_labels_will_do(self, ex):
        view = nbx.InstancePicker(ex)
        for rows in (frame().index[:2], pd.Series(INDEX[:2]), np.array(INDEX[:2]), iter(INDEX[:2])):
            view.rows = None
            view.rows = rows
            assert view.rows == ("customer 0", "customer 1")
        view.rows = INDEX[3:5]
        assert Page(view).chosen["rows"] == [3, 4]

    def test_what_is_chosen_before_there_is_anything_is_kept_where_it_fits(self):
        view = nbx.Explorer(feature="income", instance="customer 3", rows=INDEX[:2], other="Smith")
        assert view.rows == ("customer 0", "customer 1")
        view.explain(network(), frame(), ["no", "yes"] * 20)
        assert (view.feature, view.instance, view.other) == ("income", "customer 3", None)
        told = Page(view).chosen
        assert (told["feature"], told["instance"], told["rows"]) == (1, 3, [0, 1])

    def test_rows_are_found_anew_in_other_data(self, ex):
        view = nbx.Explorer(ex, instance="customer 1", rows=INDEX[:2])
        other = explained(frame(index=INDEX[::-1]))
        view._session.show(other)
        assert (view.instance, view.rows) == ("customer 1", tuple(INDEX[:2]))
        view.output = None
        assert (Page(view).chosen["instance"], Page(view).chosen["rows"]) == (38, [39, 38])

    def test_links_of_the_usual_kind(self, ex):
        view, other = nbx.InstancePicker(ex), nbx.LocalBars(explained(seed=1))
        traitlets.link((view, "instance"), (other, "instance"))
        view.instance = "customer 12"
        assert other.instance == "customer 12"

    def test_a_hundred_thousand_rows_are_brushed(self):
        ex = nbx.explain(torch.nn.Linear(3, 1), torch.randn(100_000, 3))
        view, other = nbx.InstancePicker(ex), nbx.LocalBars(ex)
        view.rows = range(100_000)
        assert len(other.rows) == 100_000
        page = Page(view)
        page.pick(rows=range(0, 100_000, 2), output=0, response="raw")
        assert view.rows[1] == 2


class TestPages:
    def test_a_pick_sets_the_traits_of_all_views_and_is_echoed(self, ex):
        view, other = nbx.InstancePicker(ex), nbx.LocalBars(ex)
        page = Page(view)
        page.pick(feature=2, instance=7, other=8, rows=[3, 1], output=None, response="raw")
        assert (other.feature, other.instance, other.other) == ("debt", "customer 7", "customer 8")
        assert (other.rows, other.output) == (("customer 3", "customer 1"), None)
        assert (page.chosen["client"], page.chosen["seq"], page.chosen["rows"]) == (
            "page",
            1,
            [3, 1],
        )

    def test_observers_see_all_of_a_pick(self, ex):
        view, seen = nbx.InstancePicker(ex), []
        view.selection.observe(
            lambda _: seen.append((view.selection.feature, view.selection.instance)), "feature"
        )
        Page(view).pick(feature=1, instance=4)
        assert seen == [("income", "customer 4")]

    def test_a_pick_of_a_namesake_stays_on_it(self):
        X = frame(index=["twin", "twin", "x", "y"])
        ex = nbx.explain(network(), X, ["no", "yes"] * 2)
        view = nbx.InstancePicker(ex)
        other = nbx.LocalBars(explained(X, seed=1), selection=view.selection)
        page = Page(view)
        for row in (1, 0):
            page.pick(instance=row, rows=[1, 2])
            assert (view.instance, other.instance) == ("twin", "twin")
            assert view.rows == ("twin", "x")
            assert page.chosen["instance"] == row
            view.output = None
            assert (page.chosen["instance"], page.chosen["rows"]) == (row, [1, 2])
            page.pick()
        with pytest.raises(ValueError, match="2 rows"):
            view.instance = "twin"
        with pytest.raises(ValueError, match="2 rows"):
            view.rows = ["x", "twin"]
        page.pick(instance=1)
        view.instance = None
        with pytest.raises(ValueError, match="2 rows"):
            view.instance = "twin"

    def test_two_sessions_of_a_page_agree_on_a_namesake(self):
        X = frame(index=["twin", "twin", "x", "y"])
        view = nbx.InstancePicker(explained(X))
        other = nbx.LocalBars(explained(X, seed=1), selection=view.selection)
        Page(view).pick(instance=1)
        assert Page(other).chosen["instance"] == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            {"instance": 40},
            {"instance": -1},
            {"instance": "3"},
            {"instance": True},
            {"rows": [3, 99]},
            {"feature": 3},
            {"feature": -1},
            {"output": 2},
        ],
    )
    def test_a_pick_of_what_is_not_there_is_dropped(self, ex, wrong):
        view = nbx.InstancePicker(ex, instance="customer 1")
        page = Page(view)
        page.pick(**wrong)
        assert view.instance == "customer 1"
        assert page.chosen["client"] == ""

    def test_a_page_of_an_explanation_that_is_gone_goes_on(self):
        view = nbx.Explorer(explained(), hold=False)
        gc.collect()
        assert view.explanation is None
        page = Page(view)
        page.pick(feature=1, instance=4)
        assert (view.feature, view.instance, page.chosen["instance"]) == ("income", None, 4)
        assert page.chosen["client"] == "page"
        view.feature = "age"
        assert (page.chosen["feature"], page.chosen["instance"]) == (0, None)


class TestSelections:
    def test_is_shared_between_explanations_of_the_same_rows(self, ex):
        picked = nbx.Selection(instance="customer 3")
        one = nbx.LocalBars(ex, selection=picked)
        two = nbx.Explorer(explained(seed=1), selection=picked)
        assert (one.instance, two.instance) == ("customer 3", "customer 3")
        assert one._session is not two._session
        assert one._session._link == two._session._link == picked.key
        one.feature = "debt"
        two.rows = INDEX[5:7]
        assert (picked.feature, two.feature) == ("debt", "debt")
        assert (picked.rows, one.rows) == (tuple(INDEX[5:7]),) * 2
        assert Page(two).chosen["feature"] == 2
        assert Page(one).chosen["rows"] == [5, 6]

    def test_is_set_for_all(self, ex):
        picked = nbx.Selection()
        views = [nbx.LocalBars(ex, selection=picked), nbx.LocalBars(explained(), selection=picked)]
        picked.feature, picked.rows = "income", INDEX[:2]
        assert [view.feature for view in views] == ["income"] * 2
        assert [Page(view).chosen["rows"] for view in views] == [[0, 1]] * 2

    def test_output_and_response_are_each_explanations_own(self, ex):
        picked = nbx.Selection()
        one = nbx.LocalBars(ex, selection=picked)
        two = nbx.LocalBars(ex.with_response("logodds"), selection=picked)
        one.output = None
        one.response = "raw"
        assert (two.output, two.response) == ("yes", "logodds")

    def test_what_an_explanation_does_not_have_is_none_for_it(self, ex):
        picked = nbx.Selection()
        one = nbx.LocalBars(ex, selection=picked)
        fewer = explained(frame(index=INDEX[:10], columns=["age", "rooms"]))
        two = nbx.LocalBars(fewer, selection=picked)
        one.feature, one.instance, one.rows = "debt", "customer 30", INDEX[8:12]
        assert (two.feature, two.instance, two.rows) == (None, None, ("customer 8", "customer 9"))
        assert (one.feature, one.instance, one.rows) == ("debt", "customer 30", tuple(INDEX[8:12]))
        assert Page(two).chosen["rows"] == [8, 9]
        one.feature = one.instance = None
        two.instance = "customer 2"
        assert (one.instance, picked.instance) == ("customer 2", "customer 2")
        one.rows = INDEX[20:]
        assert two.rows is None
        assert len(picked.rows) == 20

    def test_separates_two_views_of_one_explanation(self, ex):
        one, two = nbx.LocalBars(ex), nbx.LocalBars(ex, selection=nbx.Selection())
        one.instance = "customer 1"
        assert two.instance is None
        assert one._session is not two._session
        assert one._session._link != two._session._link
        assert nbx.LocalBars(ex)._session is one._session

    def test_views_of_one_explanation_and_selection_have_one_session(self, ex):
        picked = nbx.Selection()
        one, two = nbx.LocalBars(ex, selection=picked), nbx.InstancePicker(ex, selection=picked)
        assert one._session is two._session
        plain = nbx.LocalBars(ex)
        assert nbx.LocalBars(ex, selection=plain.selection)._session is plain._session

    def test_nothing_is_left_of_closed_views(self, ex):
        picked = nbx.Selection()
        for _ in range(3):
            nbx.LocalBars(ex, selection=picked).close()
        view = nbx.LocalBars(ex, selection=picked, feature="age")
        assert view.feature == "age"
        assert [s for s in sessions._sessions[ex] if s.comm is not None] == [view._session]
        assert len(sessions._sessions[ex]) == 1
        view.close()
        picked.feature = "debt"
        assert sum(map(len, picked._trait_notifiers["feature"].values())) == 0

    def test_stays_with_a_view_that_explains_again(self):
        picked = nbx.Selection(feature="income")
        view = nbx.ImportanceBars(selection=picked)
        for seed in range(2):
            view.explain(network(seed=seed), frame(), ["no", "yes"] * 20)
            assert view.feature == "income"
            assert view._session._link == picked.key

    def test_anything_else_is_refused(self, ex):
        with pytest.raises(TypeError, match=r"LocalBars shows what nbx.explain.* not DataFrame"):
            nbx.LocalBars(frame())
        with pytest.raises(TypeError, match=r"not an nbx.Selection"):
            nbx.LocalBars(ex, selection="mine")
        with pytest.raises(TypeError, match="not a list"):
            nbx.Selection(rows="customer 1")

    def test_rows_are_a_tuple_of_plain_labels(self):
        picked = nbx.Selection(rows=np.array([1, 2]))
        assert [type(row) for row in picked.rows] == [int, int]
        picked.rows = pd.Series(["a"])
        assert picked.rows == ("a",)

    def test_names_what_it_holds(self):
        picked = nbx.Selection(feature="age", rows=["a", "b"])
        assert repr(picked) == "Selection(feature='age', rows=<2 labels>)"
        assert repr(nbx.Selection()) == "Selection()"


class TestAuthors:
    def test_all_sessions_tell_the_page_whose_choice_they_follow(self, ex):
        one = nbx.LocalBars(ex)
        two = nbx.LocalBars(explained(seed=1), selection=one.selection)
        page, other = Page(one), Page(two)
        page.pick(instance=3)
        page.pick(instance=4)
        assert (other.chosen["instance"], other.chosen["client"], other.chosen["seq"]) == (
            4,
            "page",
            2,
        )
        one.instance = "customer 5"
        for chosen in (page.chosen, other.chosen):
            assert (chosen["instance"], chosen["client"], chosen["seq"]) == (5, "", 0)

    def test_what_an_observer_chooses_follows_from_the_pick(self, ex):
        view = nbx.LocalBars(ex)
        page = Page(view)
        view.observe(lambda change: setattr(view, "output", None), "instance")
        page.pick(instance=3, output=0)
        assert (page.chosen["output"], page.chosen["client"], page.chosen["seq"]) == (
            None,
            "page",
            1,
        )

    def test_a_failing_observer_does_not_keep_the_author(self, ex):
        view = nbx.LocalBars(ex)
        page = Page(view)

        def fail(_):
            raise RuntimeError("out of luck")

        view.observe(fail, "instance")
        with pytest.raises(RuntimeError):
            page.pick(instance=3)
        view.unobserve(fail, "instance")
        view.feature = "age"
        assert page.chosen["client"] == ""


def test_a_brush_of_many_rows_crosses_as_bits(ex):
    X = torch.randn(5_000, 3)
    view = nbx.ImportanceBars(nbx.explain(network(), X), rows=range(0, 5_000, 2))
    rows = view._session.selection["rows"]
    assert len(rows["data"]) == 5_000 // 8
    bits = np.unpackbits(np.frombuffer(rows["data"], np.uint8), bitorder="little")
    assert np.flatnonzero(bits).tolist() == list(view.rows)
