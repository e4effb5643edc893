"""What holds for every test and every docstring's example."""

import hypothesis
import torch
from jaxtyping import install_import_hook

import tests.typechecker  # noqa: F401  (the hook looks it up by name)

# Shapes and types of every annotated function of nbexplain are checked while tests run.
install_import_hook("nbexplain", "tests.typechecker.check")

# A busy machine is slow, not wrong; and a run says the same as the run before it.
hypothesis.settings.register_profile("nbexplain", deadline=None, derandomize=True)
hypothesis.settings.load_profile("nbexplain")

# The tests are small, and several processes share the cores.
torch.set_num_threads(1)
