"""Builds every image, looks into it and runs it: what a Dockerfile promises is no proof."""
