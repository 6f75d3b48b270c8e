"""The read side: pages, files, installations, memory, the start of the proxy."""
