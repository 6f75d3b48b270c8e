"""Repair of an index: find differences between records, files and pages, and publish again."""
