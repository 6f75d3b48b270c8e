"""Shared by the benchmarks: servers to measure, the index that they serve, the load."""
