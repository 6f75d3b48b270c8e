"""Reading commands: list, show and log."""
