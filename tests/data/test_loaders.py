"""Data sets, loaders and streams: their rows in order, and no trace of the reading."""

import weakref

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
)

from nbexplain.data import read
from nbexplain.data.batching import split
from nbexplain.model.snapshot import Signature

ONE = Signature(("x",), required=1)
TWO = Signature(("a", "b"), required=2)
X = torch.arange(20.0).reshape(10, 2)
Y = torch.arange(10) % 3


class Items(Dataset):
    """Items as people write them; `form` makes one of a position."""

    def __init__(self, form=lambda i: (X[i], int(Y[i])), count=10):
        self.form, self.count = form, count

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        if i >= self.count:
            raise IndexError(i)
        return self.form(i)


class Stream(IterableDataset):
    def __iter__(self):
        return zip(X, Y, strict=True)


def frames():
    for start in range(0, 10, 4):
        yield pd.DataFrame(X[start : start + 4].numpy(), columns=["a", "b"])


def pairs(size=4):
    return [(X[i : i + size], Y[i : i + size]) for i in range(0, 10, size)]


IN_ORDER = {
    "tensors": lambda: TensorDataset(X, Y),
    "tensors in a loader": lambda: DataLoader(TensorDataset(X, Y), 3, shuffle=True),
    "items": Items,
    "loader": lambda: DataLoader(Items(), 3),
    "shuffling loader": lambda: DataLoader(Items(), 3, shuffle=True, drop_last=True),
    "subset": lambda: DataLoader(Subset(Items(), range(10)), 3, shuffle=True),
    "lists collated": lambda: DataLoader(
        Items(), 3, collate_fn=lambda items: items[:0] or _stack(items)
    ),
}
STREAMS = {
    "stream of items": Stream,
    "stream in a loader": lambda: DataLoader(Stream(), 3),
    "generator": lambda: iter(pairs()),
    "list of batches": pairs,
    "arrays": lambda: [(x.numpy(), y.numpy()) for x, y in pairs()],
    "no batching": lambda: DataLoader(pairs(), batch_size=None),
}


def _stack(items):
    return torch.stack([x for x, _ in items]), torch.tensor([y for _, y in items])


def joined(source, size):
    batches = list(source.batches(size))
    assert [b.start for b in batches] == np.cumsum([0, *map(len, batches)])[:-1].tolist()
    assert max(map(len, batches)) <= size
    y = [b.target for b in batches]
    return torch.cat([b.inputs[0] for b in batches]), None if y[0] is None else torch.cat(y)


@pytest.mark.parametrize("kind", IN_ORDER)
@given(size=st.integers(1, 12), positions=st.lists(st.integers(0, 9), min_size=1))
def test_a_data_set_is_read_in_its_own_order(kind, size, positions):
    source = read(IN_ORDER[kind](), forward=ONE).for_outputs(3)
    x, y = joined(source, size)
    assert torch.equal(x, X)
    assert torch.equal(y, Y)
    assert (source.count, source.repeatable) == (10, True)
    assert source.classes == ("0", "1", "2")
    taken = source.take(positions)
    assert torch.equal(taken.inputs[0], X[positions])
    assert torch.equal(taken.target, Y[positions])
    assert torch.equal(source.head(size).inputs[0], X[:size])


@pytest.mark.parametrize("kind", STREAMS)
@given(size=st.integers(1, 12), rows=st.integers(1, 12))
def test_a_stream_is_read_as_it_comes(kind, size, rows):
    source = read(STREAMS[kind](), forward=ONE)
    head = source.head(rows)
    assert torch.equal(head.inputs[0], X[:rows])
    source = source.for_outputs(3)
    assert torch.equal(source.head(rows).target, Y[:rows])
    x, y = joined(source, size)
    assert torch.equal(x, X)
    assert torch.equal(y, Y)
    assert source.count is None


def test_frames_in_a_stream_keep_their_names():
    source = read(frames())
    assert source.column_names == (("a", "b"),)
    assert source.new_rows({"b": 2, "a": 1}).inputs[0].tolist() == [[1, 2]]
    assert torch.equal(joined(source, 3)[0], X)


def test_a_list_of_batches_is_read_again_and_by_position():
    source = read(pairs(), forward=ONE)
    assert source.repeatable
    assert torch.equal(joined(source, 4)[0], joined(source, 5)[0])
    taken = source.take([9, 0, 9])
    assert torch.equal(taken.inputs[0], X[[9, 0, 9]])
    assert taken.start == 9
    with pytest.raises(IndexError, match=r"no row at position 10: X has rows 0 to 9"):
        source.take([10])


def test_a_generator_is_read_once():
    source = read(iter(pairs()), forward=ONE)
    list(source.batches(4))
    with pytest.raises(ValueError, match=r"X was an iterator and has been read to its end: pass X"):
        list(source.batches(4))
    with pytest.raises(ValueError, match=r"X is a stream, whose rows are gone"):
        source.take([0])
    with pytest.raises(ValueError, match=r"row=-1 counts from the end"):
        source.locate(-1)


def test_a_stream_is_held_a_batch_at_a_time():
    given = []

    def batches():
        for _ in range(50):
            batch = np.zeros((4, 2))
            # The tensors made of an array keep it alive.
            given.append(weakref.ref(batch))
            yield batch

    def alive():
        return sum(batch() is not None for batch in given)

    most = max(alive() for _ in read(batches()).batches(4))
    assert 1 <= most <= 3
    given.clear()
    source = read(batches())
    source.head(80)
    assert alive() == 20
    assert [alive() for _ in source.batches(4)][-1] <= 3


def test_a_pass_that_ended_early_leaves_the_next_one_whole():
    source = read(pairs(), forward=ONE)
    source.head(10)
    next(source.batches(4))
    assert torch.equal(joined(source, 4)[0], X)


def test_loaders_of_other_samplers_are_read_as_they_come():
    weighted = WeightedRandomSampler(torch.ones(10), 6)
    assert joined(read(DataLoader(Items(), 4, sampler=weighted), forward=ONE), 4)[0].shape == (6, 2)
    again = DataLoader(Items(), 4, sampler=RandomSampler(range(10), replacement=True))
    assert read(again, forward=ONE).count is None
    tensors = TensorDataset(X, Y)
    assert read(DataLoader(tensors, 4, sampler=weighted), forward=ONE).count is None
    doubled = DataLoader(tensors, 4, collate_fn=lambda items: 2 * _stack(items)[0])
    assert torch.equal(joined(read(doubled, forward=ONE), 4)[0], 2 * X)
    backwards = DataLoader(Items(), batch_sampler=[[9, 8], [7]])
    assert torch.equal(joined(read(backwards, forward=ONE), 4)[0], X[[9, 8, 7]])
    ordered = DataLoader(Items(), 4, sampler=SequentialSampler(Items()))
    assert read(ordered, forward=ONE).count == 10


@pytest.mark.parametrize(
    "make",
    [
        lambda g: DataLoader(Items(), 3, shuffle=True, generator=g),
        lambda _: DataLoader(Items(), 3, shuffle=True),
        lambda g: DataLoader(TensorDataset(X, Y), 3, shuffle=True, generator=g),
        lambda g: DataLoader(
            Items(), 3, sampler=WeightedRandomSampler(torch.ones(10), 6, generator=g), generator=g
        ),
        lambda _: Stream(),
        lambda g: DataLoader(Stream(), 3, generator=g),
    ],
)
def test_no_random_state_moves(make):
    generator = torch.Generator().manual_seed(3)
    loader = make(generator)
    state, own = torch.get_rng_state(), generator.get_state()
    source = read(loader, forward=ONE).for_outputs(3)
    source.head(4)
    list(source.batches(4))
    assert torch.equal(generator.get_state(), own)
    assert torch.equal(torch.get_rng_state(), state)


def test_an_epoch_under_way_goes_on():
    loader = DataLoader(Items(), 1, num_workers=1, persistent_workers=True, sampler=list(range(10)))
    epoch = iter(loader)
    first = next(epoch)[0]
    before = dict(vars(loader))
    # A list as sampler is nobody's plain one, so the loader itself is iterated.
    assert torch.equal(joined(read(loader, forward=ONE), 1)[0], X)
    assert vars(loader) == before
    rest = [x for x, _ in epoch]
    assert torch.equal(torch.cat([first, *rest]), X)


def test_workers_are_used_in_the_data_sets_order():
    loader = DataLoader(Items(), 3, shuffle=True, num_workers=1)
    assert torch.equal(joined(read(loader, forward=ONE), 4)[0], X)


@pytest.mark.parametrize(
    ("batch", "forward", "inputs", "has_y"),
    [
        (X, ONE, 1, False),
        ((X,), ONE, 1, False),
        ([X, Y], ONE, 1, True),
        ((X, Y), None, 1, True),
        ((X, Y), TWO, 2, False),
        ((X, X, Y), TWO, 2, True),
        (((X, X), Y), TWO, 2, True),
        ([[X, X], Y], TWO, 2, True),
        ((X, Y), Signature(("x", "mask"), required=1), 1, True),
        ((X, X, Y), Signature(("x", "mask"), required=1), 2, True),
        ((X, X, Y), Signature(var_positional=True), 2, True),
        ((X, Y), Signature(), 1, True),
        ({"a": X, "b": X, "y": Y}, TWO, 2, True),
        ({"a": X, "b": X, "id": Y}, TWO, 2, False),
        (({"a": X, "b": X}, Y), TWO, 2, True),
        ({"pixels": X, "labels": Y}, ONE, 1, True),
        ({"x": X, "label": Y}, Signature(("batch",), required=1), 1, True),
        ({"x": X, "mask": X, "label": Y}, Signature(("batch",), required=1), 2, True),
        ({"x": X, "labels": Y}, Signature(("x", "labels"), required=1), 1, True),
        ({"x": X, "target": Y}, Signature(("x", "target"), required=2), 2, False),
    ],
)
def test_what_the_model_takes_tells_inputs_from_y(batch, forward, inputs, has_y):
    found, y = split(batch, forward, "X")
    assert (len(found) if isinstance(found, tuple | dict) else 1) == inputs
    assert (y is Y) == has_y
    assert read([batch], forward=forward).head(10).inputs[0].shape == (10, 2)


def test_one_named_input_goes_in_by_place_where_the_model_calls_it_otherwise():
    assert split({"pixels": X, "labels": Y}, ONE, "X")[0] is X
    assert list(split({"x": X, "labels": Y}, ONE, "X")[0]) == ["x"]
    assert list(split({"pixels": X}, ONE, "X")[0]) == ["pixels"]


def test_a_batch_of_too_many_parts_is_said():
    with pytest.raises(ValueError, match=r"batch 1 of X has 3 parts and the model takes 1 input"):
        read([(X, Y, Y)], forward=ONE)
    three = Signature(("a", "b", "c"), required=3)
    with pytest.raises(ValueError, match=r"has 2 parts and the model takes 3 inputs"):
        read([(X, X)], forward=three)


def test_classes_follow_the_outputs():
    assert read(pairs(), forward=ONE).classes is None
    two = read([(X, Y % 2)], forward=ONE).for_outputs(1)
    assert two.classes == ("0", "1")
    assert two.head(3).target.tolist() == [0, 1, 0]
    bools = read([(X, Y == 1)], forward=ONE).for_outputs(2)
    assert bools.classes == ("False", "True")
    floats = read([(X, Y.float())], forward=ONE).for_outputs(3)
    assert floats.classes is None
    later = Items(lambda i: (X[i], i))
    assert read(later, forward=ONE).for_outputs(1).classes is None
    counts = read([(X, Y + 7)], forward=ONE).for_outputs(1)
    assert counts.classes is None
    assert counts.head(2).target.dtype == torch.float64


def test_a_data_set_names_its_classes():
    items = Items()
    items.classes = ["cat", "dog", "owl"]
    source = read(DataLoader(items, 4), forward=ONE)
    assert source.for_outputs(3).classes == ("cat", "dog", "owl")
    assert source.for_outputs(4).classes == ("0", "1", "2", "3")


def test_y_beside_a_data_set_replaces_its_own():
    names = np.array(["a", "b"] * 5)
    source = read(Items(), pd.Series(names, name="kind"), forward=ONE).for_outputs(2)
    assert source.classes == ("a", "b")
    assert source.target_name == "kind"
    assert torch.cat([b.target for b in source.batches(3)]).tolist() == [0, 1] * 5
    assert source.take([3, 2]).target.tolist() == [1, 0]
    gaps = read(Items(), np.array([0, 2] * 5), forward=ONE).for_outputs(3)
    assert gaps.classes == ("0", "1", "2")
    assert gaps.take([1, 0]).target.tolist() == [2, 0]
    assert read(TensorDataset(X, Y), names, forward=ONE).classes == ("a", "b")


def test_detection_targets_are_passed_over():
    source = read([(X, {"boxes": Y}), (X, (Y, Y))], forward=ONE)
    assert [b.target for b in source.batches(10)] == [None, None]


@pytest.mark.parametrize(
    ("X", "y", "error", "sentence"),
    [
        (iter([]), None, ValueError, r"X gives no batches"),
        (Items(count=0), None, ValueError, r"X has no rows"),
        (iter(pairs()), Y, ValueError, r"y cannot be matched to the rows of a stream"),
        (DataLoader(Stream()), Y, ValueError, r"y cannot be matched to the rows of a stream"),
        (Items(), [1, 2], ValueError, r"y has 2 values and X has 10 rows"),
        ([X, X[:, :1]], None, ValueError, r"batch 2 of X has rows of shape \[1\] and batch 1 has"),
        ([{"a": X}, {"b": X}], None, ValueError, r"batch 2 of X has other inputs or columns"),
        ([(X, Y[:3])], None, ValueError, r"batch 1 of X has 10 rows and 3 values of y"),
        (
            [(X, Y), (X, Y + 3)],
            None,
            ValueError,
            r"y in batch 2 of X holds values other than.*0 to 2",
        ),
        ([(X, ["a"] * 10)], None, ValueError, r"y in batch 1 of X holds text: give classes as int"),
        ([X, X[:0]], None, ValueError, r"batch 2 of X has no rows"),
        (
            [X, torch.where(X > 1, X, torch.nan)],
            None,
            ValueError,
            r"batch 2 of X is NaN or infinite in 1 of its 10 rows",
        ),
        ([Y[:, None]], None, ValueError, r"batch 1 of X holds integers, which have no derivative"),
        (["a", "b"], None, ValueError, r"X holds text"),
        (iter(["a", "b"]), None, TypeError, r"batch 1 of X is of type str"),
        (iter([1.0, 2.0]), None, TypeError, r"batch 1 of X is of type float"),
        (
            DataLoader(Items(), collate_fn=lambda items: torch.zeros(len(items) + 1, 2)),
            None,
            ValueError,
            r"X's collate_fn gives 2 rows for 1 item",
        ),
        (
            DataLoader(Items(), collate_fn=lambda items: torch.zeros(len(items) // 2 + 1, 2)),
            None,
            ValueError,
            r"X's collate_fn gives 8 rows for 10 items",
        ),
    ],
)
def test_what_is_no_stream_is_said(X, y, error, sentence):
    with pytest.raises(error, match=sentence):
        list(read(X, y, forward=ONE).for_outputs(3).batches(4))


def test_a_data_set_without_a_length_is_said():
    class Endless(Dataset):
        def __getitem__(self, i):
            return X[i]

    with pytest.raises(TypeError, match=r"X is a data set without a length: give it __len__"):
        read(Endless())
