"""The services as tests need them: in one process, or as processes that a test may kill."""
