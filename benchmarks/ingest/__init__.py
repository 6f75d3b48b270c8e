"""Validation and promotion of files."""
