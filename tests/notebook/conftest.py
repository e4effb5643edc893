"""A real IPython shell with a model, data and the extension loaded."""

import numpy as np
import pandas as pd
import pytest
import torch
import torch.optim.optimizer as optimizers
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets import Widget


@pytest.fixture(autouse=True)
def nothing_is_left():
    """No widgets, and no watches that were not stopped."""
    yield
    Widget.close_all()
    optimizers._global_optimizer_post_hooks.clear()


@pytest.fixture(scope="module")
def terminal():
    shell = InteractiveShell.instance()
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def clear(shell):
    """Forget the user's variables (`reset` collects garbage each time)."""
    for name in set(shell.user_ns) - set(shell.user_ns_hidden):
        del shell.user_ns[name]


@pytest.fixture
def shell(terminal):
    """A shell with a model, data and the extension loaded."""
    clear(terminal)
    terminal.run_line_magic("load_ext", "nbexplain")
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "b", "c"])
    X.index = [f"row {k}" for k in range(60)]
    X["id"] = 7.0
    terminal.push(
        {
            "net": torch.nn.Sequential(
                torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)
            ),
            "encoder": torch.nn.Linear(3, 3),
            "X": X,
            "y": pd.Series(np.where(X["a"] > 0, "high risk", "low"), name="risk"),
            "A": X[["a", "b", "c"]].to_numpy(),
        }
    )
    yield terminal
    terminal.run_line_magic("unload_ext", "nbexplain")
