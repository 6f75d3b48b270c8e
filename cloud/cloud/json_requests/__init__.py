"""Requests to the JSON API of Cloud Storage, without Google's storage library (ADR 26)."""
