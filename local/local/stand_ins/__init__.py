"""Stand-ins for Google Cloud: Pub/Sub and its push, Secret Manager, Cloud Storage."""
