"""Backend in a folder: files with the bytes, and a database with all other facts."""
