"""Checks of the runbooks in docs/ against a planned installation: alerts, rights of operators."""
