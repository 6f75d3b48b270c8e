"""The services for tests: all in one process, or in processes that a test can kill."""
