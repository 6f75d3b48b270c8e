"""Command ``gcpypi``: check, publish and administer the files of a package index."""
