"""Benchmarks of the index and its peers: ``make bench ARGS=read``."""
