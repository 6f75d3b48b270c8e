"""Equipment shared by tests and benchmarks: fakes, the corpus, process control, worlds."""
