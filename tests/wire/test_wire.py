"""The page's state as it is written down: golden bytes, budget, escaping."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import nbexplain as nbx
from nbexplain.notebook import wire
from nbexplain.notebook.history import Record
from nbexplain.notebook.packing import packed_rows
from nbexplain.notebook.picked import contrasts
from tests.wire.chain import cases, unlisted
from tests.wire.sketch import WIDE, Sketch, moments

GOLDEN = Path(__file__).with_name("golden.json")
CHAIN = Path(__file__).with_name("chain.json")


def _numbers(values):
    """As JSON has them, None where there are none."""
    return values if values is None else [None if np.isnan(v) else float(v) for v in values]


def golden():
    """The state and what a reader finds in it: `python -m tests.wire.test_wire` writes it."""
    sketch = Sketch()
    state = wire.state(sketch)
    found = {}
    for info in state["meta"]["slices"]:
        values = wire.importance(sketch.with_response(info["response"]), info["output"])
        found[f"{info['response']} {info['output']}"] = [_numbers(row) for row in values]
    rows = [
        {
            "state": wire.state(one)["instances"],
            "reads": {
                name: value.tolist()
                for name, value in wire.instances(one).items()
                if isinstance(value, np.ndarray)
            },
        }
        for one in (sketch, WIDE)
    ]
    past = {
        "state": Record(sketch).replace(tuple(moments())),
        "reads": {
            name: [_numbers(getattr(one, name)) for one in moments()]
            for name in ("share", "low", "high", "direction")
        },
    }
    selection = {"instance": 0, "other": 2, "against": packed_rows(np.array([1, 3]))}
    held = {
        "state": {"contrasts": contrasts(held_against(), selection), **selection},
        "reads": [{"items": [3, -0.5], "base": -0.5}, {"items": [5, -1], "base": -0.5}],
    }
    parts = {"state": state, "reads": found, "instances": rows, "history": past, "against": held}
    return wire.to_json(parts)


def held_against():
    """2x − y + z/2, which is exact in binary as are its contributions."""
    model = torch.nn.Linear(3, 1, bias=False)
    _ = model.load_state_dict({"weight": torch.tensor([[2.0, -1.0, 0.5]])})
    X = pd.DataFrame(
        [[1.0, 2.0, 4.0], [0.0, 1.0, 2.0], [2.0, 2.5, 4.0], [-1.0, 1.0, 4.0]], columns=list("xyz")
    )
    return nbx.explain(model, X, method="gradient_x_input", groups={"yz": ["y", "z"]})


def test_the_state_is_byte_for_byte_the_golden_one():
    assert golden() == GOLDEN.read_text(encoding="utf-8").strip()


def test_the_numbers_of_the_chain_rule_are_current():
    written = json.loads(CHAIN.read_text(encoding="utf-8"))
    for found, expected in zip(written, cases(), strict=True):
        assert (found["kind"], found["response"]) == (expected["kind"], expected["response"])
        for name in ("outputs", "jacobian", "predictions", "attributions"):
            numbers, wanted = unlisted(found[name]), unlisted(expected[name])
            size = np.nan_to_num(np.abs(wanted), posinf=0).max(-1, keepdims=True)
            off = np.zeros_like(wanted)
            np.subtract(numbers, wanted, out=off, where=numbers != wanted)  # infinities agree
            assert (
                np.abs(off) <= 1e-12 * size
            ).all()  # of the row's largest: some are what cancels


def test_packed_bytes_are_little_endian_and_in_c_order():
    array = np.asfortranarray(np.arange(6, dtype=">f4").reshape(2, 3))
    packed = wire.packed(array)
    assert packed["dtype"] == "<f4"
    assert packed["shape"] == [2, 3]
    assert np.frombuffer(packed["data"], "<f4").tolist() == [0, 1, 2, 3, 4, 5]


def test_a_direction_is_claimed_of_one_output_only():
    combined, single = wire.importance(Sketch(), None), wire.importance(Sketch(), 0)
    assert np.isnan(combined[3]).all()
    assert single[3, :3].tolist() == [0.75, -0.5, 0.25]


def test_an_unused_input_has_no_direction():
    assert np.isnan(wire.importance(Sketch(), 0)[3, 3])


def test_all_slices_are_in_the_page_nearest_first():
    slices = wire.state(Sketch())["meta"]["slices"]
    order = [(s["response"], s["output"]) for s in slices]
    assert order[0] == ("prob", 1)
    assert {response for response, _ in order[:3]} == {"prob"}
    assert len(set(order)) == 6


@pytest.mark.parametrize(("budget", "count"), [(None, 6), (4 * 4 * 4 * 3 + 18, 3), (1, 1)])
def test_beyond_the_budget_only_the_nearest_slices_are_sent(budget, count):
    state = wire.state(Sketch(), budget=budget)
    assert state["importance"]["shape"] == [count, 4, 4]
    assert len(state["meta"]["slices"]) == count
    assert state["meta"]["slices"][0]["response"] == "prob"
    assert [r["name"] for r in state["meta"]["responses"]] == ["raw", "prob"]


def test_names_count_among_what_is_sent_unasked():
    short, long = (Sketch(names=tuple(f"{k:0{n}}" for k in range(2_000))) for n in (4, 120))
    few, many = (len(wire.state(one)["meta"]["slices"]) for one in (long, short))
    assert (few, many) == (4, 6)


def size(value):
    """Bytes of a state as it crosses."""
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, dict):
        return sum(len(key) + size(part) for key, part in value.items())
    if isinstance(value, list):
        return sum(1 + size(part) for part in value)
    return len(json.dumps(value, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    ("rows", "columns", "outputs"), [(100_000, 50, 2), (3_000, 2_000, 1), (3_000, 2_000, 12)]
)
def test_what_a_saved_notebook_keeps_stays_within_a_megabyte(rows, columns, outputs):
    model = torch.nn.Linear(columns, outputs)
    torch.nn.init.normal_(model.weight)
    X = pd.DataFrame(
        torch.randn(rows, columns).numpy(),
        columns=[f"sensor_{k:04d}_temperature" for k in range(columns)],
        index=[f"2026-01-01 customer {k:06d}" for k in range(rows)],
    )
    some = range(outputs) if outputs > 10 else None
    ex = nbx.explain(model, X, outputs=some, progress=False)
    state = wire.state(ex)
    assert 500_000 < size(state) <= 1_000_000
    assert state["instances"]["more"]


def test_json_cannot_end_the_script_it_stands_in():
    text = wire.to_json(["</script><!--", "a & b", "\u2028"])
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == ["</script><!--", "a & b", "\u2028"]


def test_half_a_character_is_replaced_and_pairs_are_joined():
    assert wire.text("a\ud800b") == "a\ufffdb"
    assert wire.text("\ud83d\ude00") == "😀"


def test_a_real_explanation_of_a_classifier():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3))
    ex = nbx.explain(model, torch.randn(60, 3), ["a", "b", "c"] * 20)
    state = wire.state(ex)
    assert state["meta"]["outputs"] == ["a", "b", "c"]
    assert state["meta"]["output"] is None
    assert len(state["meta"]["slices"]) == 12
    values = np.frombuffer(state["importance"]["data"], "<f4").reshape(12, 4, 3)
    for info, (share, low, high, direction) in zip(state["meta"]["slices"], values, strict=True):
        found = ex.with_response(info["response"]).importances(info["output"])
        np.testing.assert_allclose(share, found.share, rtol=1e-6)
        assert (low <= share).all()
        assert (share <= high).all()
        assert np.isnan(direction).all() == (info["output"] is None)


def test_a_single_output_is_never_called_combined():
    ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))
    meta = wire.state(ex)["meta"]
    assert (meta["output"], [s["output"] for s in meta["slices"]]) == (0, [0])


def test_a_missing_bundle_says_how_to_build_it(monkeypatch, tmp_path):
    monkeypatch.setattr(wire.resources, "files", lambda _: tmp_path)
    with pytest.raises(FileNotFoundError, match="npm run build"):
        wire.bundle("session")


def test_the_bundle_stays_within_its_budget():
    static = Path(wire.__file__).parents[1] / "static"
    assert sum(len(path.read_bytes()) for path in static.glob("*.js")) <= 110_000
    assert len(wire.bundle("view").encode()) <= 1_000


if __name__ == "__main__":
    GOLDEN.write_text(golden() + "\n", encoding="utf-8")
    CHAIN.write_text(json.dumps(list(cases()), allow_nan=False) + "\n", encoding="utf-8")
