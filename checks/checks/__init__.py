"""Validation of wheels and sdists: pure functions over a file name and a stream of bytes."""
