"""Tokens of the index: authentication, and the token document in Secret Manager."""
