"""Publishing: operations, latency, throughput, rendering, growth."""
