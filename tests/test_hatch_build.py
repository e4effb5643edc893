"""The build hook: what it runs, when, and what it says without Node.js."""

import os
from pathlib import Path

import pytest

import hatch_build

NPM = f"""#!/bin/sh
echo "$1 $2 $3" >> called
case "$1" in
  ci) mkdir -p node_modules; touch node_modules/.package-lock.json ;;
  run) for file in {" ".join(hatch_build.BUNDLE)}; do
    mkdir -p "$(dirname "$file")"; touch "$file"
  done ;;
esac
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project whose bundle is newer than all its sources, with an npm that tells of its calls."""
    for name in ("js/views/bars.ts", "js/session.ts", *hatch_build.SOURCES[1:]):
        write(tmp_path / "project" / name)
    for name in (*hatch_build.BUNDLE, hatch_build.INSTALLED):
        write(tmp_path / "project" / name)
        os.utime(tmp_path / "project" / name)
    programs = tmp_path / "programs"
    for name in ("npm", "node"):
        write(programs / name, NPM)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return tmp_path / "project"


def write(path: Path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    age(path)


def age(path: Path):
    """As if the path and the folders above had been written long ago."""
    os.utime(path, (1, 1))
    for parent in path.parents[:3]:
        os.utime(parent, (1, 1))


def calls(root):
    called = root / "called"
    return called.read_text().split("\n")[:-1] if called.exists() else []


def test_a_fresh_bundle_is_left_alone_and_needs_no_node(root, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    hatch_build.build(root)
    assert calls(root) == []


@pytest.mark.parametrize("changed", ["js/views/bars.ts", "package.json", "tsconfig.json"])
def test_a_changed_source_is_bundled_without_another_install(root, changed):
    (root / changed).write_text("changed")
    hatch_build.build(root)
    assert calls(root) == ["run --silent build"]
    hatch_build.build(root)
    assert calls(root) == ["run --silent build"]


def test_a_source_that_was_taken_away_is_noticed(root):
    (root / "js" / "views" / "bars.ts").unlink()
    hatch_build.build(root)
    assert calls(root) == ["run --silent build"]


@pytest.mark.parametrize("lost", hatch_build.BUNDLE)
def test_a_missing_module_is_bundled(root, lost):
    (root / lost).unlink()
    hatch_build.build(root)
    assert calls(root) == ["run --silent build"]


def test_a_newer_lock_is_installed_first(root):
    (root / "package-lock.json").write_text("newer")
    hatch_build.build(root)
    assert calls(root) == ["ci --no-audit --no-fund", "run --silent build"]


def test_without_node_a_stale_bundle_is_an_error_in_one_sentence(root, monkeypatch):
    (root / "js" / "session.ts").write_text("changed")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RuntimeError, match=r"needs Node\.js >= 20 .*`pip install nbexplain`"):
        hatch_build.build(root)


def test_an_sdist_has_its_bundle_whatever_the_times_say(root, monkeypatch):
    (root / "js" / "session.ts").write_text("unpacked later")
    (root / "PKG-INFO").write_text("Name: nbexplain")
    monkeypatch.setenv("PATH", "/nowhere")
    hatch_build.build(root)


def test_a_build_that_fails_or_writes_nothing_is_an_error(root):
    (root / "js" / "session.ts").write_text("changed")
    npm = root.parent / "programs" / "npm"
    npm.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(RuntimeError, match="run --silent build` failed"):
        hatch_build.build(root)
    npm.write_text("#!/bin/sh\n")
    with pytest.raises(RuntimeError, match=r"did not write nbexplain/static/session\.js"):
        hatch_build.build(root)
