"""Reader of ZIP archives that accepts only what all readers understand alike."""
