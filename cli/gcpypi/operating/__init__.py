"""Work of operators: tokens, and the repair jobs."""
