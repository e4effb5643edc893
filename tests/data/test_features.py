"""Names, cells and owners of every shape of row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbexplain.features import features, side_by_side


def sizes(found, squares):
    """r_j by the definition: roots over cells of the sums of squares of their entries."""
    cells = np.zeros(len(found.owners))
    np.add.at(cells, found.cells, squares)
    sums = np.zeros(len(found))
    np.add.at(sums, found.owners, np.sqrt(cells))
    return sums


def test_a_table_has_one_cell_a_column():
    found = features((3,), ["age", "income", "rooms"])
    assert found.names == found.columns == ("age", "income", "rooms")
    assert (found.kind, found.block) == ("table", 1)
    assert sizes(found, [1.0, 4.0, 9.0]).tolist() == [1, 2, 3]


def test_names_are_numbered_without_names():
    assert features((2,)).names == ("x0", "x1")
    assert features((5, 2)).names == ("x0", "x1")
    assert features((1, 1, 2)).names == ("x[0,0,0]", "x[0,0,1]")
    assert features(()).names == ("x0",)


def test_members_of_a_group_meet_under_the_root_where_the_first_stood():
    found = features((4,), ["a", "r", "b", "g"], {"colour": ["g", "r"]})
    assert found.names == ("a", "colour", "b")
    assert found.columns == ("a", "r", "b", "g")
    assert found.groups == {"colour": ("g", "r")}
    assert sizes(found, [1.0, 9.0, 4.0, 16.0]).tolist() == [1, 5, 2]


def test_a_sequence_adds_the_roots_of_its_lags():
    found = features((2, 3), ["a", "r", "g"], {"colour": ["r", "g"]})
    assert (found.kind, found.block) == ("sequence", 2)
    assert sizes(found, [1.0, 9.0, 16.0, 4.0, 36.0, 64.0]).tolist() == [1 + 2, 5 + 10]


def test_an_image_has_a_feature_an_entry_or_a_channel():
    entries = features((2, 1, 3))
    assert entries.kind == "image"
    assert entries.names[4] == "x[1,0,1]"
    channels = features((2, 1, 2), ["red", "green"])
    assert channels.names == ("red", "green")
    assert sizes(channels, [1.0, 4.0, 9.0, 16.0]).tolist() == [1 + 2, 3 + 4]
    named = features((1, 1, 2), ["left", "right"])
    assert named.names == ("left", "right")


def test_grouped_channels_meet_pixel_by_pixel():
    found = features((2, 1, 2), ["red", "green"], {"colour": ["red", "green"]})
    assert sizes(found, [9.0, 36.0, 16.0, 64.0]).tolist() == [5 + 10]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.data())
def test_every_entry_has_a_cell_and_every_cell_an_owner(shape, data):
    width = shape[-1] if len(shape) < 3 else shape[0]
    names = [f"c{j}" for j in range(width)]
    members = data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    found = features(shape, names, {"group": members})
    assert len(found.cells) == np.prod(shape)
    assert sorted(set(found.cells)) == list(range(len(found.owners)))
    assert sorted(set(found.owners)) == list(range(len(found)))
    assert len(found) == width - len(members) + 1


def test_the_arrays_cannot_be_written():
    found = features((2,))
    with pytest.raises(ValueError, match="read-only"):
        found.cells[0] = 1


def test_index_knows_names_and_names_near_ones():
    found = features((3,), ["age", "income", "income"])
    assert found.index("age") == 0
    with pytest.raises(ValueError, match=r"no feature 'incom': did you mean 'income'"):
        features((2,), ["age", "income"]).index("incom")
    with pytest.raises(ValueError, match=r"2 features are called 'income'"):
        found.index("income")


@pytest.mark.parametrize(
    ("shape", "names", "groups", "sentence"),
    [
        ((3,), ["a", "b"], None, r"feature_names has 2 names.*shape \[3\].*3 \(one a column\)"),
        ((5, 3), ["a"], None, r"feature_names has 1 names.*3 \(one a column\)"),
        ((3, 2, 2), ["a"], None, r"3 \(one a channel\) or 12 \(one an entry\)"),
        ((2,), ["a", "b"], {"g": ["a", "c"]}, r"groups\['g'\] names 'c', which is not a column"),
        ((2,), ["age", "b"], {"g": ["agee"]}, r"did you mean 'age'"),
        ((2,), ["a", "b"], {"g": ["a"], "h": ["a"]}, r"'a', which is also in groups\['g'\]"),
        ((2,), ["a", "b"], {"g": ["a", "a"]}, r"'a', which is there twice"),
        ((2,), ["a", "b"], {"g": []}, r"groups\['g'\] is empty"),
        ((2,), ["a", "b"], {"b": ["a"]}, r"groups\['b'\] is named like a column outside it"),
        ((3,), ["a", "a", "b"], {"g": ["a", "b"]}, r"more than one column is called that"),
    ],
)
def test_what_does_not_fit_is_said(shape, names, groups, sentence):
    with pytest.raises(ValueError, match=sentence):
        features(shape, names, groups)


def test_a_string_is_not_a_list_of_names():
    with pytest.raises(TypeError, match=r"feature_names is the string 'ab'"):
        features((2,), "ab")
    with pytest.raises(TypeError, match=r"groups\['g'\] is the string 'ab'"):
        features((2,), ["a", "b"], {"g": "ab"})


def test_a_group_may_be_called_like_a_member():
    assert features((2,), ["a", "b"], {"a": ["a", "b"]}).names == ("a",)


def test_inputs_side_by_side_keep_names_and_tell_equal_ones_apart():
    assert side_by_side([(2,), (1,)], [("a", "b"), ("b",)], ["left", "right"]) == (
        "a",
        "left.b",
        "right.b",
    )
    assert side_by_side([(), (1, 2)], [None, None]) == ("x0", "x1[0,0]", "x1[0,1]")
