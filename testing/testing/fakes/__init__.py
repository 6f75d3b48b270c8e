"""Fakes of the ports of the services."""
