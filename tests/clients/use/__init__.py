"""Recipes of ``docs/use.md``, and the two indexes that they are tried on."""
