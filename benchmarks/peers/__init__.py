"""Other package indexes: how they are installed, started, filled and asked."""
