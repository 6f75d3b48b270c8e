"""Check of the commands in README and docs."""
