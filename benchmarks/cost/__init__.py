"""Costs of the index a month."""
