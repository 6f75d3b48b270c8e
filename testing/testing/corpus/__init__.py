"""Corpus of archives, built byte by byte: hostile ones that ingest refuses, odd ones it accepts."""
