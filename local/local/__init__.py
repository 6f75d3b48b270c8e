"""Local runtime of ``make local-up``: emulators or stand-ins, the relay, buckets and topics."""
