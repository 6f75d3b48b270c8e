"""Commands about releases: yank, remove, quarantine, and their opposites."""
