"""The house: imports go one way, files are short, importing is light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "nbexplain"

# Upstream first (DESIGN): a file imports only from rooms before its own.
FLOW = [
    "choices",
    "features",
    "model",
    "data",
    "engine",
    "methods",
    "explanation",
    "datasets",
    "explain",
    "comparison",
    "neighbours",
    "live",
    "notebook",
    "__main__",
]

HEAVY = ["altair", "anywidget", "ipywidgets", "IPython", "matplotlib", "narwhals", "pandas", "tqdm"]


def rooms_imported(path):
    """Rooms that a file imports when it is imported, so neither in functions nor for types."""
    waiting = list(ast.parse(path.read_text()).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nbexplain"):
            parts = node.module.split(".")
            yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        elif isinstance(node, (ast.If, ast.Try)):
            waiting.extend(node.body)


# What gathers the public names is in no room, and nothing is downstream of the last one.
ENDS = {PACKAGE / "__init__.py", PACKAGE / f"{FLOW[-1]}.py"}


@pytest.mark.parametrize(
    "path", sorted(set(PACKAGE.rglob("*.py")) - ENDS), ids=lambda p: str(p.relative_to(ROOT))
)
def test_imports_go_one_way(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    place = FLOW.index(room)
    for other in rooms_imported(path):
        assert FLOW.index(other) <= place, f"{room} imports {other}, which is downstream of it"


def test_every_room_is_in_the_flow():
    found = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert found - {"__init__"} == set(FLOW)


@pytest.mark.parametrize(
    "path",
    sorted([*PACKAGE.rglob("*.py"), *(ROOT / "js").rglob("*.ts*"), *(ROOT / "js").rglob("*.css")]),
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_files_are_short(path):
    assert len(path.read_text().splitlines()) <= 350


def modules_after(statement):
    """Names of all modules loaded in a fresh interpreter after a statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_is_light():
    before, after = modules_after("import torch"), modules_after("import nbexplain")
    assert {name for name in HEAVY if name in after} <= before


def test_that_test_can_fail():
    assert "altair" in modules_after("import nbexplain, altair")


def test_explaining_needs_no_jupyter():
    code = (
        "import sys\n"
        "for name in ('IPython', 'ipywidgets', 'anywidget', 'altair', 'ipykernel'):\n"
        "    sys.modules[name] = None\n"
        "import torch, nbexplain as nbx\n"
        "ex = nbx.explain(torch.nn.Linear(3, 1), torch.eye(3))\n"
        "print(ex.importance(), ex)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True)
