"""Measurements of the index and of its peers: ``python -m benchmarks.read``, ``make bench``."""
