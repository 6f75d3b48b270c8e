"""Build, inspection and test run of every container image."""
