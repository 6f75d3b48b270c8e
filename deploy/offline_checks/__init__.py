"""Checks of the deployment for ``make check-deploy``, without a Google Cloud project."""
