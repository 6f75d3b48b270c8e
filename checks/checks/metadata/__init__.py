"""Validation of the files METADATA, PKG-INFO, WHEEL, RECORD and entry_points.txt."""
