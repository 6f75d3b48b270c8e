"""Shell of every service: push endpoints, settings, logs, outcomes, group commit."""
