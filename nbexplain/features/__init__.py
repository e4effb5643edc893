"""What the columns are: names, groups, kinds, and how entries pool into what is ranked."""

from nbexplain.features.names import Kind, side_by_side
from nbexplain.features.record import TOKEN, Features, features, token_features

__all__ = ["TOKEN", "Features", "Kind", "features", "side_by_side", "token_features"]
