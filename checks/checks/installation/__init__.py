"""Rules for the installed files of a wheel: paths, startup code, script names, portable names."""
