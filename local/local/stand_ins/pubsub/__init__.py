"""A Pub/Sub in memory, for machines without gcloud or Java: publish, pull, leases, dead letters."""
