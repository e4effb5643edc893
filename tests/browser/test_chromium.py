import os

import pytest

from tests.browser import chromium


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The only programs there are: what the test puts into this folder."""
    monkeypatch.setattr(chromium, "NAMES", ("chromium", "google-chrome"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)

    def put(name):
        path = tmp_path / name
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
        return str(path)

    return put


def test_chromium_is_found_by_its_usual_names(program):
    assert chromium.find() is None
    chrome = program("google-chrome")
    assert chromium.find() == chrome
    other = program("chromium")
    assert chromium.find() == other


def test_the_variable_wins_and_must_be_right(program, monkeypatch):
    program("chromium")
    monkeypatch.setenv("CHROMIUM", program("mine"))
    assert chromium.find().endswith("/mine")
    monkeypatch.setenv("CHROMIUM", "/nowhere/chrome")
    with pytest.raises(SystemExit, match="CHROMIUM=/nowhere/chrome is not a program"):
        chromium.find()


def test_who_cannot_install_is_told_how(program, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit, match="apt-get install chromium"):
        chromium.install()
