"""Parts shared by the readers of ZIP and tar archives."""
