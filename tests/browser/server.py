"""A Jupyter server of its own for the browser tests: nothing of the user's is read or written."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

QUIET = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",  # a word, not a boolean
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}
WIDGET_MANAGER = "@jupyter-widgets/jupyterlab-manager"
SIDECAR = "@jupyter-widgets/jupyterlab-sidecar"
OURS = "nbexplain"
#: Where the build leaves what a wheel brings to JupyterLab.
BUILT = Path(__file__).parents[2] / "share" / "jupyter"
#: The Python whose JupyterLab and Notebook are tested; kernels are of this one.
JUPYTER = os.environ.get("NBEXPLAIN_JUPYTER", sys.executable)
STARTS_WITHIN = 120  # seconds, on the slowest machine


class Server:
    """JupyterLab (`app="lab"`) or Notebook 7 (`app="notebook"`) in `folder`; a context manager.

    Args:
        folder: holds the notebooks, in `folder/root`, and all that Jupyter writes.
        app: which application.
        without: extensions that are disabled, as if they had never been installed.
    """

    def __init__(self, folder: Path, app: str = "lab", without: Sequence[str] = ()) -> None:
        self.root = folder / "root"
        self.root.mkdir(parents=True)
        self.app = app
        self._token = secrets.token_hex(8)
        self._port = _free_port()
        self._log = folder / "server.log"
        self._environment = _environment(folder)
        for plugin, settings in QUIET.items():
            _write(folder / "settings" / f"{plugin}.jupyterlab-settings", settings)
        kernel = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        about = {"argv": kernel, "display_name": "Python 3", "language": "python"}
        _write(folder / "data" / "kernels" / "python3" / "kernel.json", about)
        if without:
            page = {"disabledExtensions": dict.fromkeys(without, True)}
            _write(folder / "config" / "labconfig" / "page_config.json", page)

    def __enter__(self) -> Self:
        traits = {
            "ServerApp.root_dir": self.root,
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self._port,
            "ServerApp.port_retries": 0,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "ServerApp.terminals_enabled": False,
            "IdentityProvider.token": self._token,
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "LabApp.news_url": "",
            "LabApp.extension_manager": "readonly",
            "LabApp.expose_app_in_browser": True,
            "JupyterNotebookApp.expose_app_in_browser": True,
        }
        module = {"lab": "jupyterlab", "notebook": "notebook"}[self.app]
        command = [JUPYTER, "-m", module, *(f"--{k}={v}" for k, v in traits.items())]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self.root,
                start_new_session=True,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Jupyter did not start:\n{self._log.read_text()}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        # Asked kindly it stops its kernels too.
        with contextlib.suppress(OSError):
            self._ask("shutdown", "POST")
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def url(self, path: str = "") -> str:
        """The page that shows the notebook `path`, in a clean workspace; "" is the bare page."""
        place = {"lab": "lab/tree" if path else "lab", "notebook": "notebooks"}[self.app]
        return f"http://127.0.0.1:{self._port}/{place}/{path}?token={self._token}&reset"

    def _answers(self) -> bool:
        try:
            self._ask("status")
        except OSError:
            return False
        return True

    def _ask(self, what: str, method: str = "GET") -> None:
        address = f"http://127.0.0.1:{self._port}/api/{what}"
        headers = {"Authorization": f"token {self._token}"}
        request = urllib.request.Request(address, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()


def _environment(folder: Path) -> dict[str, str]:
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    ours = {name: str(folder / place) for name, place in places.items()}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTEST"))}
    # Before what the environment of the server has.
    ours["JUPYTER_PATH"] = os.pathsep.join([str(BUILT), ours["JUPYTER_DATA_DIR"]])
    return {**kept, **ours, "JUPYTER_PLATFORM_DIRS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
