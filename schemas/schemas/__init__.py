"""Data shared by the services: events, records, the push envelope, names and object names."""
