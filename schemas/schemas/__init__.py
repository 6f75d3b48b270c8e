"""What the services say and store: events, records, the push envelope, names, object layout."""
