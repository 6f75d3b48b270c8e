"""Parts shared by the benchmarks: servers, their index, and the load."""
