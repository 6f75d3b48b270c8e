"""Trusted publishing: an ID token of a CI in exchange for a minted token of 15 minutes."""
