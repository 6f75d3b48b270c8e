"""Code shared by all services: push endpoints, settings, logs, outcomes, group commit."""
