"""Measurements of the product's code, with limits: ``python -m testing.structure``."""
