"""Start, supervision and stop of the local runtime, natively or in containers."""
