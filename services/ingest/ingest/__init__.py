"""Ingest: checks uploaded files and promotes them to the packages bucket."""
