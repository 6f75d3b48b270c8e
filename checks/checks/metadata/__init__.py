"""Files that describe a distribution: METADATA, PKG-INFO, WHEEL, RECORD, entry_points.txt."""
