"""Reader that polls the index during a run, and the promises that it checks."""

from testing.chaos.polling_reader.poller import READ_SIDE, PollingReader

__all__ = ["READ_SIDE", "PollingReader"]
