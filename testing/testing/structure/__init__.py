"""The shape of the product's code in numbers, with limits: ``python -m testing.structure``."""
