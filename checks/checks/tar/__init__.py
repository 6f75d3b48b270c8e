"""Reader of gzipped tar archives that accepts only archives that all readers read alike."""
