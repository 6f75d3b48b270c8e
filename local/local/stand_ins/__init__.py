"""Stand-ins for Google Cloud: Pub/Sub with push, Secret Manager, Cloud Storage."""
