"""Reader of ZIP archives that accepts only archives that all readers read alike."""
