"""Adapters to Google Cloud: the only code that imports ``google.*``."""
