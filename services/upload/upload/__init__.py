"""Upload service: receives files from publishing tools, checks them, and stores them for ingest."""
