"""Speed and memory against the floor and the peers: `python -m benchmarks`, or `make bench`."""
