"""Start, supervise and stop the local runtime, natively or in containers."""
