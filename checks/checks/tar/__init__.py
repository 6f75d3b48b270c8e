"""Reader of gzipped tar archives that accepts only what all readers understand alike."""
