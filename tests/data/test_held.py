"""Data in memory: its batches are its rows, whatever it came in."""

import tracemalloc

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nbexplain.data import read

FORMS = {
    "pandas": lambda a: pd.DataFrame(a, columns=[f"c{j}" for j in range(a.shape[1])]),
    "one column after another": lambda a: pd.DataFrame({f"c{j}": v for j, v in enumerate(a.T)}),
    "nullable": lambda a: pd.DataFrame(a).astype("Float64"),
    "sparse": lambda a: pd.DataFrame(a).astype(pd.SparseDtype(float, 0.0)),
    "polars": lambda a: pl.DataFrame(a, schema=[f"c{j}" for j in range(a.shape[1])]),
    "lazy": lambda a: pl.DataFrame(a, schema=[f"c{j}" for j in range(a.shape[1])]).lazy(),
    "narwhals": lambda a: nw.from_native(
        pd.DataFrame(a, columns=[f"c{j}" for j in range(a.shape[1])])
    ),
    "chunks": lambda a: pl.concat([pl.DataFrame(a[:1]), pl.DataFrame(a[1:])], rechunk=False),
    "arrow": lambda a: pa.table({f"c{j}": v for j, v in enumerate(a.T)}),
    "numpy": lambda a: a,
    "fortran": np.asfortranarray,
    "reversed": lambda a: a[::-1].copy()[::-1],
    "big-endian": lambda a: a.astype(">f8"),
    "tensor": torch.from_numpy,
    "lists": lambda a: a.tolist(),
    "rows of tensors": lambda a: list(torch.from_numpy(a)),
}

matrices = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 7), st.integers(1, 4)),
    elements=st.floats(-1e6, 1e6),
)


def rows(batches):
    return torch.cat([batch.inputs[0] for batch in batches]).numpy()


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=15)
@given(a=matrices, size=st.integers(1, 9))
def test_batches_joined_are_the_whole(form, a, size):
    source = read(FORMS[form](a))
    batches = list(source.batches(size))
    np.testing.assert_array_equal(rows(batches), a)
    assert [batch.start for batch in batches] == list(range(0, len(a), size))
    assert all(batch.inputs[0].is_contiguous() for batch in batches)
    assert source.count == len(a)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=15)
@given(a=matrices, data=st.data())
def test_rows_are_taken_in_the_order_asked_for(form, a, data):
    positions = data.draw(st.lists(st.integers(0, len(a) - 1), min_size=1))
    taken = read(FORMS[form](a)).take(positions)
    np.testing.assert_array_equal(taken.inputs[0].numpy(), a[positions])
    assert taken.start == positions[0]


@pytest.mark.parametrize(
    "shape", [(5, 3), (5, 4, 3), (5, 2, 4, 3), (5, 2, 2, 2, 2)], ids=lambda shape: f"{len(shape)}"
)
@pytest.mark.parametrize("make", [np.asarray, torch.from_numpy], ids=["numpy", "tensor"])
def test_any_number_of_axes(shape, make):
    a = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_array_equal(rows(read(make(a)).batches(2)), a)


def test_a_table_of_mixed_numbers_is_read_as_float64():
    X = pd.DataFrame({"i": [1, 2], "b": [True, False], "f": np.float32([0.5, 1.5])})
    batch = read(X).head(2)
    assert batch.inputs[0].dtype == torch.float64
    assert batch.inputs[0].tolist() == [[1, 1, 0.5], [2, 0, 1.5]]


@pytest.mark.parametrize(
    ("X", "dtype"),
    [
        (np.zeros((2, 1), np.float16), torch.float32),
        (np.zeros((2, 1), np.float32), torch.float32),
        (np.zeros((2, 1), np.longdouble), torch.float64),
        (np.zeros((2, 1), np.int32), torch.float64),
        (np.zeros((2, 1), np.uint8), torch.float32),
        (np.zeros((2, 1), np.uint64), torch.float64),
        (np.zeros((2, 1), bool), torch.float32),
        (pd.DataFrame({"a": np.float32([0, 1])}), torch.float32),
        (pd.DataFrame({"a": [0, 1]}), torch.float64),
        (pd.DataFrame({"a": [True, False]}), torch.float64),
        (pl.DataFrame({"a": [0.0, 1.0]}, schema={"a": pl.Float32}), torch.float32),
        (pl.DataFrame({"a": [0, 1]}), torch.float64),
        (pl.DataFrame({"a": [True, False]}), torch.float64),
        (pl.DataFrame({"a": ["0.5", "1"]}).cast(pl.Decimal(3, 1)), torch.float64),
        (torch.zeros(2, 1, dtype=torch.bfloat16), torch.float32),
        (torch.zeros(2, 1, dtype=torch.float64), torch.float64),
    ],
)
def test_numbers_are_read_as_floats_that_hold_them(X, dtype):
    assert read(X).head(2).inputs[0].dtype == dtype


def test_names_follow_the_frame():
    X = pd.DataFrame(np.eye(3), columns=["a", 7, ("bill", "april")])
    assert read(X).column_names == (("a", "7", "bill, april"),)
    assert read(np.eye(3)).column_names == (None,)
    same = pd.DataFrame(np.eye(2), columns=["a", "a"])
    assert read(same).column_names == (("a", "a"),)
    assert read(same).head(2).inputs[0].tolist() == [[1, 0], [0, 1]]


def test_a_frame_is_read_where_it_lies():
    X = pd.DataFrame(np.zeros((4, 2)), columns=["a", "b"])
    source = read(X)
    tensor = torch.zeros(4, 2)
    assert read(tensor).head(2).inputs[0].data_ptr() == tensor.data_ptr()
    array = np.zeros((4, 2))
    assert read(array).head(2).inputs[0].data_ptr() == array.ctypes.data
    assert source.head(2).inputs[0].shape == (2, 2)


@pytest.mark.parametrize("form", ["pandas", "nullable", "narwhals", "polars", "chunks", "arrow"])
def test_no_frame_is_copied_whole(form):
    a = np.zeros((20_000, 10))
    X = FORMS[form](a)
    read(X).head(1)
    tracemalloc.start()
    source = read(X)
    source.head(100)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < a.nbytes / 10


def test_chunks_are_not_joined_to_be_kept():
    arrow = pa.concat_tables([pa.table({"a": [0.5]}), pa.table({"a": [1.5]})])
    polars = pl.concat([pl.DataFrame({"a": [0.5]}), pl.DataFrame({"a": [1.5]})], rechunk=False)
    for frame, kept in [(arrow, False), (polars, False), (pl.DataFrame({"a": [0.5]}), True)]:
        (column,) = read(frame).inputs[0].values
        assert isinstance(getattr(column, "__self__", None), np.ndarray) == kept


def test_a_memory_map_and_read_only_arrays_are_read(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(6.0).reshape(3, 2))
    source = read(np.load(path, mmap_mode="r"))
    assert rows(source.batches(2)).tolist() == [[0, 1], [2, 3], [4, 5]]


def test_a_tensor_that_is_differentiated_elsewhere_stays_out_of_it():
    X = torch.zeros(2, 3, requires_grad=True)
    assert not read(X).head(2).inputs[0].requires_grad
    assert not read(torch.nn.Parameter(torch.zeros(2, 3))).head(2).inputs[0].requires_grad


def test_labels_and_positions_are_each_other():
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0]}, index=["x", "y", "z"])
    source = read(X)
    assert source.label(np.array([2, 0])) == ["z", "x"]
    assert source.locate("y") == 1
    days = X.set_axis(pd.date_range("2024-01-01", periods=3))
    assert read(days).locate(pd.Timestamp("2024-01-02")) == 1
    assert read(nw.from_native(X)).locate("y") == 1
    pairs = X.set_axis(pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]))
    assert read(pairs).locate(("a", 2)) == 1


@given(st.lists(st.one_of(st.integers(), st.text()), unique=True, min_size=1))
def test_every_label_leads_back_to_its_row(labels):
    X = pd.DataFrame(
        {"a": np.arange(len(labels), dtype=float)}, index=pd.Index(labels, dtype=object)
    )
    source = read(X)
    found = source.label(np.arange(len(labels)))
    assert [source.locate(label) for label in found] == list(range(len(labels)))


def test_positions_are_labels_without_an_index():
    source = read(np.eye(3))
    assert source.label(np.array([2, 0])) == [2, 0]
    assert (source.locate(1), source.locate(np.int64(2)), source.locate(-1)) == (1, 2, 2)


@pytest.mark.parametrize(
    ("label", "error", "sentence"),
    [
        (3, ValueError, r"row=3 is outside X, which has rows 0 to 2"),
        (-4, ValueError, r"row=-4 is outside X"),
        ("a", TypeError, r"row='a' is not a position: X has no index"),
        (True, TypeError, r"row=True is not a position"),
        (1.0, TypeError, r"row=1.0 is not a position"),
    ],
)
def test_a_position_that_is_none_is_refused(label, error, sentence):
    with pytest.raises(error, match=sentence):
        read(np.eye(3)).locate(label)


def test_unknown_and_ambiguous_labels_are_refused():
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0]}, index=["x", "y", "x"])
    with pytest.raises(ValueError, match=r"row='q' is not in X's index \('x', 'y', 'x'\)"):
        read(X).locate("q")
    with pytest.raises(ValueError, match=r"row=\['x'\] is not in X's index"):
        read(X).locate(["x"])
    with pytest.raises(ValueError, match=r"row='x' is the label of 2 rows.*reset_index"):
        read(X).locate("x")


def test_rows_outside_are_not_taken():
    with pytest.raises(IndexError, match=r"no row at position 5: X has rows 0 to 2"):
        read(np.eye(3)).take([0, 5])
    with pytest.raises(IndexError, match=r"no row at position -1"):
        read(np.eye(3)).take([-1])
    with pytest.raises(ValueError, match=r"at least one position"):
        read(np.eye(3)).take([])


def test_several_inputs_keep_their_names_and_integers():
    X = {
        "num": pd.DataFrame({"a": [0.5, 1.5], "b": [1, 2]}, index=["r", "s"]),
        "cat": torch.tensor([[3], [4]]),
        "image": np.zeros((2, 1, 2, 2), np.float32),
        "flag": np.array([True, False]),
    }
    source = read(X)
    assert source.input_names == ("num", "cat", "image", "flag")
    assert source.column_names == (("a", "b"), None, None, None)
    assert source.locate("s") == 1
    (batch,) = source.batches(2)
    assert [x.dtype for x in batch.inputs] == [
        torch.float64,
        torch.int64,
        torch.float32,
        torch.bool,
    ]
    assert [x.shape for x in batch.inputs] == [(2, 2), (2, 1), (2, 1, 2, 2), (2,)]
    assert read((np.eye(2), np.eye(2))).input_names is None


@pytest.mark.parametrize(
    "codes",
    [
        np.array([[3], [4]]),
        np.array([[3], [4]], np.uint16),
        torch.tensor([[3], [4]]),
        pd.DataFrame({"a": [3, 4]}),
        pl.DataFrame({"a": [3, 4]}),
    ],
)
def test_integers_beside_floats_stay_integers(codes):
    batch = read((np.eye(2), codes)).take([1, 0])
    assert batch.inputs[1].tolist() == [[4], [3]]
    assert batch.inputs[1].dtype == torch.int64
    assert read((np.eye(2), codes)).new_rows(([1, 2], [5])).inputs[1].dtype == torch.int64


def test_targets_are_cut_with_their_rows():
    source = read(np.eye(5), ["a", "b", "b", "a", "b"])
    assert torch.cat([b.target for b in source.batches(2)]).tolist() == [0, 1, 1, 0, 1]
    assert source.take([4, 0]).target.tolist() == [1, 0]
    assert read(np.eye(5)).head(2).target is None


def test_reading_leaves_the_data_and_the_random_state():
    X = pd.DataFrame(np.eye(4), columns=list("abcd"))
    before, state = X.copy(), torch.get_rng_state()
    list(read(X, pd.Series([0, 1, 0, 1])).batches(2))
    pd.testing.assert_frame_equal(X, before)
    assert torch.equal(torch.get_rng_state(), state)


def test_large_numbers_whose_sum_overflows_are_finite():
    X = torch.full((4, 2), 3e38)
    assert read(X).head(4).inputs[0].shape == (4, 2)
