"""In-memory Pub/Sub for machines without gcloud or Java: publish, pull, leases, dead letters."""
