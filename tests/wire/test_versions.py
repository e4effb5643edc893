"""What a page is told of versions, byte for byte, as `tests/js/versions.test.ts` reads it."""

from pathlib import Path

import torch

import nbexplain as nbx
from nbexplain.live.versions import Versions
from nbexplain.notebook import wire
from nbexplain.notebook.follow.told import compared, told

GOLDEN = Path(__file__).with_name("versions.json")


def golden():
    """`python -m tests.wire.test_versions` writes it."""
    versions = Versions()
    for weights in ([1.0, 1.0, 2.0], [2.0, 1.0, 1.0]):
        column = torch.tensor([weights]).T
        names = ["age", "<b>", "年齢"]
        versions.add(
            nbx.explain(
                lambda x, w=column: x @ w,
                torch.eye(3),
                feature_names=names,
                output_names=["y"],
                scale="none",
            )
        )
    versions.pin(1)
    versions.rename(1, "as <i>trained</i>")
    state = told(versions, versions[2], versions[1], "", followed=True)
    return wire.to_json(state | compared(versions.compare(1, 2), "raw"))


def test_the_trait_is_byte_for_byte_the_golden_one():
    assert golden() == GOLDEN.read_text(encoding="utf-8").strip()


if __name__ == "__main__":
    GOLDEN.write_text(golden() + "\n", encoding="utf-8")
