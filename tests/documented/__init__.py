"""What README and docs tell a reader to type, and how each command of it is checked."""
