"""Where Chromium is; `python tests/browser/chromium.py` installs it where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "/usr/bin/chromium")
HOW = (
    "The browser tests need Chromium: install it (Debian and Ubuntu: `apt-get install chromium`; "
    "macOS: `brew install --cask chromium`), or set CHROMIUM to the path of a Chromium or Chrome."
)


def find() -> str | None:
    """The path of a Chromium: $CHROMIUM, else the first of its usual names that is there."""
    given = os.environ.get("CHROMIUM")
    if given:
        found = shutil.which(given)
        if found is None:
            raise SystemExit(f"CHROMIUM={given} is not a program; {HOW}")
        return found
    return next((path for path in map(shutil.which, NAMES) if path), None)


def install() -> None:
    """Install Debian's package, where that is possible."""
    if not Path("/etc/debian_version").exists() or os.geteuid() != 0:
        raise SystemExit(HOW)
    print("Installing Chromium with apt-get, for the browser tests.", flush=True)  # noqa: T201
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode:
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        if subprocess.run(command, env=environment, check=False).returncode:
            raise SystemExit(HOW)


if __name__ == "__main__":
    if find() is None:
        install()
