"""What is saved comes back, and nothing in a file is run."""

import io
import json
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import nbexplain as nbx

X = pd.DataFrame(
    np.random.default_rng(0).normal(size=(80, 3)).astype("float32"),
    columns=["age", "income", "<b>rooms</b>"],
    index=[f"r{i}" for i in range(80)],
)


@pytest.fixture(scope="module")
def ex():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3))
    y = pd.Series(np.array(["cat", "dog", "eel"])[np.arange(80) % 3], name="pet")
    return nbx.explain(model, X, y, groups={"home": ["age", "<b>rooms</b>"]})


@pytest.fixture(scope="module")
def again(ex, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "pets.nbx"
    ex.save(path)
    return nbx.load(path)


def test_tables_questions_and_notes_come_back(ex, again):
    for output in (None, "dog", 2):
        pd.testing.assert_frame_equal(again.importance(output), ex.importance(output))
        assert again.question_about(output) == ex.question_about(output)
    assert again.question == ex.question
    assert again.notes == ex.notes
    assert again.provenance == ex.provenance
    assert again.outputs == ex.outputs
    assert again.title == ex.title
    assert repr(again) == repr(ex)


def test_rows_come_back_by_label(ex, again):
    assert again.rows.tolist() == ex.rows.tolist()
    np.testing.assert_array_equal(again.attributions, ex.attributions)
    np.testing.assert_array_equal(again.predictions, ex.predictions)
    pd.testing.assert_frame_equal(again.local("r17", "eel"), ex.local("r17", "eel"))


def test_true_values_come_back(ex, again):
    assert again.targets.tolist() == [k % 3 for k in range(80)]
    assert again.classes == ex.classes == ("cat", "dog", "eel")


def test_files_without_true_values_are_read(tmp_path):
    ex = nbx.explain(nn.Linear(3, 1), X, np.arange(80.0))
    ex.save(tmp_path / "with.nbx")
    with np.load(tmp_path / "with.nbx") as archive:
        arrays = {name: archive[name] for name in archive.files if name != "sample.targets"}
    header = json.loads(arrays["header"].tobytes())
    del header["classes"]
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    with (tmp_path / "without.nbx").open("wb") as file:
        np.savez(file, **arrays)
    assert nbx.load(tmp_path / "with.nbx").targets.tolist() == list(range(80))
    old = nbx.load(tmp_path / "without.nbx")
    assert (old.targets, old.classes) == (None, None)


def test_other_responses_come_back(ex, again):
    for response in ("raw", "prob", "logodds"):
        pd.testing.assert_frame_equal(
            again.with_response(response).importance(), ex.with_response(response).importance()
        )


def test_sums_are_saved_where_rows_were_not_kept(ex, tmp_path):
    model = nn.Linear(3, 3)
    few = nbx.explain(model, X, np.arange(80) % 3, keep=4)
    few.save(tmp_path / "few.nbx")
    again = nbx.load(tmp_path / "few.nbx")
    assert again.responses == ("raw", "prob", "logodds")
    pd.testing.assert_frame_equal(
        again.with_response("raw").importance(), few.with_response("raw").importance()
    )


def test_a_row_that_was_not_kept_is_gone(ex, again, tmp_path):
    with pytest.raises(ValueError, match=r"row='nobody' is not among the 80 kept rows"):
        again.local("nobody")
    with pytest.raises(ValueError, match="no longer at hand"):
        again.local(X.iloc[[0]])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions(dtype, tmp_path):
    ex = nbx.explain(nn.Linear(3, 1).to(dtype), X)
    ex.save(tmp_path / "half.nbx")
    pd.testing.assert_frame_equal(nbx.load(tmp_path / "half.nbx").importance(), ex.importance())


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "other"
    for content in (b"", b"text", pickle.dumps({"a": 1})):
        path.write_bytes(content)
        with pytest.raises(
            ValueError, match=r"not a file that Explanation\.save or Watch\.save wrote"
        ):
            nbx.load(path)
    buffer = io.BytesIO()
    np.savez(buffer, header=np.array([{"evil": 1}], dtype=object))
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ValueError, match=r"not a file that Explanation\.save or Watch\.save wrote"):
        nbx.load(path)


def test_files_of_a_later_version_are_refused(ex, tmp_path, monkeypatch):
    monkeypatch.setattr("nbexplain.explanation.archive.FORMAT", 2)
    ex.save(tmp_path / "later.nbx")
    monkeypatch.setattr("nbexplain.explanation.archive.FORMAT", 1)
    with pytest.raises(ValueError, match="later nbexplain"):
        nbx.load(tmp_path / "later.nbx")
