"""Pages for people: addresses, objects, header fields, and the scope of a token."""
