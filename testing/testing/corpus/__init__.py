"""Archives, hostile and odd, built byte by byte: what ingest must refuse, and what it must not."""
