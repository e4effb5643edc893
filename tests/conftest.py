"""What holds for every test."""

import hypothesis
import torch

# A busy machine is slow, not wrong; and a run says the same as the run before it.
hypothesis.settings.register_profile("nbexplain", deadline=None, derandomize=True)
hypothesis.settings.load_profile("nbexplain")

# The tests are small, and several processes share the cores.
torch.set_num_threads(1)
