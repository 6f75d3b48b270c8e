"""Settings of installers, builds and bots for an index."""
