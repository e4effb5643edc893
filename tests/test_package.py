"""What is shipped: the wheel, made from a copy of the sources, installed without a clone."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import nbexplain

ROOT = Path(__file__).parents[1]
BUNDLE = {"nbexplain/static/session.js", "nbexplain/static/view.js"}
EXTENSION = "share/jupyter/labextensions/nbexplain"
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("package")]


def run(*command, cwd, **environment):
    """What a command prints, or a failure that shows it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**kept, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A copy of what git tracks or would track: other tests' files do not get in."""
    copy = tmp_path_factory.mktemp("package") / "sources"
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    # An older lock file than what is installed: `npm ci` would empty it through the link.
    os.utime(copy / "package-lock.json", (0, 0))
    return copy


@pytest.fixture(scope="module")
def sdist(sources):
    folder = sources.parent / "sdist"
    run(sys.executable, "-m", "build", "--no-isolation", "--sdist", "-o", folder, cwd=sources)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(sdist):
    """Made from the sdist, where there is no Node."""
    folder = sdist.parent.parent
    shutil.unpack_archive(sdist, folder)
    (unpacked,) = folder.glob("nbexplain-*")
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "-o", folder / "wheel"]
    run(*command, cwd=unpacked, PATH="/nowhere")
    (path,) = (folder / "wheel").iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel):
    """The Python of an environment that has the wheel and, from here, what it depends on."""
    folder = wheel.parent.parent / "environment"
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    # As a path in a .pth, the packages here are seen but their .pth files, by which a clone
    # is installed, are not.
    (here,) = {Path(module.__file__).parents[1] for module in (pytest,)}
    (site / "locked.pth").write_text(f"{here}\n")
    python = folder / "bin" / "python"
    options = ["--quiet", "--no-deps", "--no-index", "--force-reinstall", "--prefix", folder]
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, cwd=folder)
    return python


def test_wheel_holds_the_package_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert names >= BUNDLE | {"nbexplain/py.typed", "nbexplain/tutorials/quickstart.ipynb"}
    assert {name.split("/")[0] for name in names} == {
        "nbexplain",
        f"nbexplain-{nbexplain.__version__}.data",
        f"nbexplain-{nbexplain.__version__}.dist-info",
    }
    data = f"nbexplain-{nbexplain.__version__}.data/data/{EXTENSION}/"
    brought = {name.removeprefix(data) for name in names if ".data/" in name}
    (script,) = {name for name in brought if name.endswith(".js")}
    tutorials = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert brought == {
        *("package.json", "install.json", script),
        *(f"static/tutorials/{name}" for name in tutorials),
    }
    about = json.loads(zipfile.ZipFile(wheel).read(f"{data}package.json"))
    assert about["version"] == nbexplain.__version__
    assert about["jupyterlab"]["_build"] == {"load": script, "extension": "./extension"}
    assert zipfile.ZipFile(wheel).getinfo(data + script).file_size <= 6_000
    assert wheel.name == f"nbexplain-{nbexplain.__version__}-py3-none-any.whl"


def test_every_notebook_stores_a_small_bundle(wheel):
    sizes = [zipfile.ZipFile(wheel).getinfo(name).file_size for name in BUNDLE]
    assert sum(sizes) <= 110_000  # with its style sheets, as the text that a widget's state holds
    assert min(sizes) <= 1_000  # what each view adds


def test_sdist_holds_the_sources_of_the_bundle_and_the_bundle(sdist, tmp_path):
    shutil.unpack_archive(sdist, tmp_path)
    (unpacked,) = tmp_path.iterdir()
    names = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*")}
    assert names >= BUNDLE | {"js/session.ts", "package-lock.json", "hatch_build.py", "LICENSE"}
    assert f"{EXTENSION}/package.json" in names


def test_installed_package_is_the_wheels(installed):
    code = "import nbexplain, sys; print(nbexplain.__file__, nbexplain.__version__)"
    where, version = run(installed, "-c", code, cwd=installed.parent).split()
    assert Path(where).is_relative_to(installed.parents[1])
    assert version == nbexplain.__version__


def test_installed_package_explains(installed):
    code = """
import torch, nbexplain as nbx
print(nbx.explain(torch.nn.Linear(3, 1), torch.eye(3), progress=False).importance().shape)
print(nbx.ImportanceBars.__name__)
"""
    printed = run(installed, "-c", code, cwd=installed.parent)
    assert printed.splitlines() == ["(3, 7)", "ImportanceBars"]


def test_jupyterlab_finds_the_extension(installed):
    folder = installed.parents[1]
    places = {"JUPYTER_CONFIG_DIR": folder / "config", "JUPYTER_DATA_DIR": folder / "data"}
    environment = {name: str(path) for name, path in places.items()}
    command = [installed, "-m", "jupyterlab.labextensions", "list"]
    listed = run(*command, cwd=installed.parent, JUPYTER_PREFER_ENV_PATH="1", **environment)
    (line,) = [one for one in listed.splitlines() if "nbexplain v" in one]
    plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
    assert plain.split()[:4] == ["nbexplain", f"v{nbexplain.__version__}", "enabled", "OK"]
    assert "(python, nbexplain)" in plain
    assert str(folder / "share" / "jupyter" / "labextensions") in listed


def test_an_editable_install_has_no_copy_that_goes_stale(sources, sdist, tmp_path):
    command = "from hatchling.build import build_editable; print(build_editable('{}'))"
    run(sys.executable, "-c", command.format(tmp_path), cwd=sources)
    (made,) = tmp_path.iterdir()
    assert not [name for name in zipfile.ZipFile(made).namelist() if ".data/" in name]


def test_installed_script_says_what_it_does(installed):
    help_text = run(installed.parent / "nbexplain", "--help", cwd=installed.parent)
    assert "demo" in help_text
    assert "lab" in help_text


def test_dependencies_are_those_of_pyproject(wheel):
    metadata = zipfile.ZipFile(wheel).read(f"nbexplain-{nbexplain.__version__}.dist-info/METADATA")
    required = {
        line.removeprefix("Requires-Dist: ").split(";")[0].split(">")[0].strip()
        for line in metadata.decode().splitlines()
        if line.startswith("Requires-Dist: ") and "extra ==" not in line
    }
    assert required == {
        *("torch", "numpy", "pandas", "narwhals"),
        *("altair", "anywidget", "ipywidgets", "tqdm"),
    }
