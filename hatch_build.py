"""Bundles the front end: as hatchling's build hook, and as `python hatch_build.py` for make.

The bundle is built when it is missing or older than what it is made of, never otherwise, so a
build neither ships a stale bundle nor asks for Node.js where the bundle came with the sources.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

EXTENSION = "share/jupyter/labextensions/nbexplain"
# Of the extension's files package.json is written last.
BUNDLE = (
    "nbexplain/static/session.js",
    "nbexplain/static/view.js",
    f"{EXTENSION}/package.json",
)
SOURCES = (
    *("js", "package.json", "package-lock.json", "tsconfig.json"),
    *("notebooks", "nbexplain/__init__.py"),  # the extension brings the tutorials and the version
)
INSTALLED = "node_modules/.package-lock.json"  # npm writes it last
NEEDS_NODE = (
    "nbexplain: bundling the front end from its sources needs Node.js >= 20 with npm on the PATH "
    "(https://nodejs.org); install it, or run `pip install nbexplain`, which brings the bundle."
)


class FrontEnd(BuildHookInterface[Any]):
    """Hatchling calls this before it collects the files of a wheel or an sdist."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bring the bundle up to date, and the extension into a wheel.

        An editable install would hold a copy that goes stale: `make setup` links it instead.
        """
        build(Path(self.root))
        if self.target_name == "wheel" and version != "editable":
            build_data["shared_data"][EXTENSION] = EXTENSION


def build(root: Path) -> None:
    """Bundle the front end of the project in `root`, where it is out of date.

    Raises:
        RuntimeError: Node.js is needed and missing, or the build left no bundle.
    """
    from_sdist = (root / "PKG-INFO").exists() and all((root / path).exists() for path in BUNDLE)
    if from_sdist or not is_stale(root):
        return
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise RuntimeError(NEEDS_NODE)
    if _newest(root, ("package-lock.json",)) > _oldest(root, (INSTALLED,)):
        _run(root, npm, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    _run(root, npm, "run", "--silent", "build")
    if is_stale(root):
        raise RuntimeError(f"nbexplain: `npm run build` did not write {' and '.join(BUNDLE)}.")


def is_stale(root: Path) -> bool:
    """Whether the bundle is missing or older than anything it is made of."""
    return _newest(root, SOURCES) > _oldest(root, BUNDLE)


def _run(root: Path, *command: str) -> None:
    # npm talks to the terminal; what is captured would be lost on an interrupt.
    if subprocess.run(command, cwd=root, check=False).returncode:
        raise RuntimeError(f"nbexplain: `{' '.join(command)}` failed in {root}.")


def _newest(root: Path, paths: tuple[str, ...]) -> int:
    return max(path.stat().st_mtime_ns for name in paths for path in _tree(root / name))


def _oldest(root: Path, paths: tuple[str, ...]) -> int:
    files = [root / name for name in paths]
    return min(path.stat().st_mtime_ns if path.exists() else -1 for path in files)


def _tree(path: Path) -> Iterator[Path]:
    """The path and all below it; a folder's own time tells of files that were taken away."""
    yield path
    if path.is_dir():
        yield from path.rglob("*")


if __name__ == "__main__":
    try:
        build(Path(__file__).parent)
    except RuntimeError as error:
        raise SystemExit(str(error)) from None
