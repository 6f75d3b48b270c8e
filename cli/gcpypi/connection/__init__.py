"""Connection to an index: its pages, its description, its buckets and topics."""
