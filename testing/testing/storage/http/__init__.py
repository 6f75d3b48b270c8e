"""The HTTP side of the strict Cloud Storage: JSON API, XML API, uploads, and the control of it."""
