"""Soak: minutes of uploads and reads, and the trends of the resources of each process."""
