"""What changes a network's outputs, followed back to its inputs operation by operation (DeepLIFT).

Knows tensors; knows nothing of modules, methods or notebooks. `contributions` is the way in.
"""

from nbexplain.engine.decomposition.contributions import Rule, contributions

__all__ = ["Rule", "contributions"]
