"""Checks and hashes what arrives, and promotes it to the packages bucket."""
