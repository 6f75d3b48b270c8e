"""HTTP of the upload service: limits of requests, their authentication, answers and log lines."""
