"""What ``make local-up`` starts: emulators or stand-ins, the relay, buckets, topics."""
