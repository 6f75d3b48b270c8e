"""Repair commands of ingest: replay dead letters, and announce unanswered uploads."""
