"""Merges accepted files and operators' commands into the projects' records."""
