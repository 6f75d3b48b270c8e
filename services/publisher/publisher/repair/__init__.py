"""Repair of an index: find differences between records, files and pages; publish again."""
