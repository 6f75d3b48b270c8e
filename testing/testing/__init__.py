"""Equipment shared by tests and benchmarks: fakes, the corpus of archives, process control."""
