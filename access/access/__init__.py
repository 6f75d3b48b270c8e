"""Credentials, and the documents of their holders in Secret Manager."""
