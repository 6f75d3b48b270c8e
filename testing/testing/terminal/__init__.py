"""Pictures of the command in a terminal, for the documentation."""
