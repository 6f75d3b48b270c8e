"""What ``make check-deploy`` runs: checks of the deployment that need no Google Cloud project."""
