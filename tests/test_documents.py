"""README and CONTRIBUTING name only what exists, and their example runs."""

import json
import re
import shlex
from pathlib import Path

import pytest

import nbexplain as nbx
from nbexplain import __main__ as cli

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
MADE = {".venv", "node_modules", "nbexplain/static", "share", "out", "page.html"}


def quoted(document):
    """What stands in code style, a command or a path each, and what is linked to."""
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return lines + re.findall(r"`([^`\n]+)`", text) + re.findall(r"\]\(([^)]+)\)", text)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_are_named_exist(document):
    pattern = re.compile(r"[\w.-]+(/[\w.-]+)*/?|[\w-]+\.(md|py|lock|json|ipynb)")
    for name in quoted(document):
        looks_like_a_path = "/" in name or name.endswith((".md", ".py", ".lock", ".json"))
        if not looks_like_a_path or not pattern.fullmatch(name):
            continue
        made = any(name == path or name.startswith(f"{path}/") for path in MADE)
        assert made or (ROOT / name).exists(), f"{document} names {name}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_that_are_named_exist(document):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    scripts = json.loads((ROOT / "package.json").read_text())["scripts"]
    for command in quoted(document):
        words = shlex.split(command) if re.match(r"\w+=|[a-z./]+ ", command) else []
        words = [word for word in words if not re.match(r"[A-Z]+=", word)]
        match words:
            case ["make", target]:
                assert target in targets, f"{document}: {command}"
            case ["npm", "run", script] | ["npm", script]:
                assert script in scripts, f"{document}: {command}"
            case ["nbexplain", verb]:
                assert callable(getattr(cli, verb)), f"{document}: {command}"
            case [".venv/bin/pytest", path, *_]:
                assert (ROOT / path).exists(), f"{document}: {command}"


def test_package_json_leaves_scripts_below_it_alone():
    """With a "type", JupyterLab's own scripts in .venv would be read as what they are not."""
    assert "type" not in json.loads((ROOT / "package.json").read_text())


def test_help_of_make_tells_of_every_target():
    makefile = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    told = set(re.findall(r'@echo "make (\w+) ', makefile))
    assert set(phony.split()) - told == {"help", "setup"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_names_of_the_package_exist(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    for name in re.findall(r"\bnbx((?:\.\w+)+)", text):
        value = nbx
        for part in name[1:].split("."):
            value = getattr(value, part)
    for name in re.findall(r"`ex\.(\w+)", text):
        assert hasattr(nbx.Explanation, name), f"{document} names ex.{name}"


def test_the_readme_tells_every_public_name():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"\bnbx\.(\w+)", text)
    assert [n for n in nbx.__all__ if n not in told and not n.endswith("_ipython_extension")] == []
    loaders = [name for name in nbx.datasets.__all__ if name.islower()]
    assert [name for name in loaders if f".{name}(" not in text] == []


def test_the_readme_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"## In a script\n+```python\n(.*?)```", text, re.DOTALL)
    exec(compile(script, "README.md", "exec"), {})
    assert "x3" in capsys.readouterr().out
    assert (tmp_path / "page.html").exists()


def test_the_readme_example_of_sequences_says_what_is_so():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"## Sequences\n.*?```python\n(.*?)```", text, re.DOTALL)
    names = {}
    exec(compile(script, "README.md", "exec"), names)
    ex, steps = names["ex"], names["steps"]
    assert str(ex.select(0.9, by="lag")) in script
    assert f"{ex.memory_length(0.9).length} days" in script
    assert (ex.lag_map() - names["river"].truth).abs().to_numpy().max() < 0.5
    counts = steps.lag_importance()["count"]
    assert counts[0] == sum(names["lengths"])
    assert counts[11] == 100
    assert steps.time_map().shape == (12, 12)


def test_every_folder_of_the_house_is_on_the_map():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = re.findall(r"^\| (`nbexplain/[^|]*) \|", text, re.MULTILINE)
    mapped = re.findall(r"`nbexplain/(\w+)/`", " ".join(places))
    folders = [path.parent.name for path in (ROOT / "nbexplain").glob("*/__init__.py")]
    assert sorted(mapped) == sorted(folders)
