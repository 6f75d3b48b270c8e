"""The way of a file to its page: operations, latency, throughput, rendering, growth."""
