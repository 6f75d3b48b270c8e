"""Load at and past saturation of each service."""
