"""The numbers: derivatives for a batch, statistics that merge, importances with intervals.

Knows tensors and arrays; knows nothing of frames, notebooks or files.
"""
