"""The launcher's card and the palette's command: tutorials as the user's own copies."""

import json

import nbformat

from nbexplain.__main__ import TUTORIALS

CARD = "nbexplain Tutorials"
ORIGINALS = sorted(path.name for path in TUTORIALS.glob("*.ipynb"))


def cells(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def test_the_launcher_copies_and_opens_them_and_keeps_what_is_there(notebook):
    root = notebook.server.root
    folder = root / "sub" / "nbexplain-tutorials"
    folder.mkdir(parents=True)
    edited = ORIGINALS[-1]
    (folder / edited).write_text(json.dumps(nbformat.v4.new_notebook()))
    before = (folder / edited).read_bytes()
    notebook.open_launcher("sub")
    card = notebook.page.locator(".jp-LauncherCard", has_text=CARD)
    notebook.screenshot("launcher")
    card.click()
    tab = "() => window.jupyterapp.shell.currentWidget?.context?.path"
    notebook.page.wait_for_function(f"{tab} === 'sub/nbexplain-tutorials/quickstart.ipynb'")
    assert sorted(path.name for path in folder.glob("*.ipynb")) == ORIGINALS
    for name in ORIGINALS[:-1]:
        assert cells(folder / name) == cells(TUTORIALS / name)
    assert (folder / edited).read_bytes() == before


def test_the_palette_has_both_commands(notebook):
    notebook.open(["1"])
    notebook.command("apputils:activate-command-palette")
    search = notebook.page.locator(".lm-CommandPalette-input")
    search.fill("nbexplain")
    palette = notebook.page.locator(".lm-CommandPalette-content")
    palette.get_by_text(CARD).wait_for()
    show = palette.locator("[data-command='nbexplain:show-dock']")
    assert "lm-mod-disabled" in show.get_attribute("class")  # nothing is docked


def test_an_error_is_said(notebook):
    root = notebook.server.root
    (root / "full").mkdir()
    (root / "full" / "nbexplain-tutorials").write_text("a file in the place of the folder")
    notebook.open_launcher("full")
    notebook.page.locator(".jp-LauncherCard", has_text=CARD).click()
    dialog = notebook.page.locator(".jp-Dialog")
    dialog.get_by_text("The tutorials of nbexplain cannot be opened").wait_for()
    dialog.get_by_role("button").last.click()
    notebook.console.clear()  # the server's refusal
