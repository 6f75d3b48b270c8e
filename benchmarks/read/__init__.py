"""Reading: pages, files, installations, memory, start of the proxy."""
