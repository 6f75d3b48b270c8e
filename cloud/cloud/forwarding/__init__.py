"""Raw Pub/Sub messages, which are forwarded unread."""
