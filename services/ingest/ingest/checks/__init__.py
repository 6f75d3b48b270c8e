"""What a distribution must be to get in: pure checks over a name and a stream of bytes."""
