"""Demo of ``make demo``: publish a wheel, install it, and show each step."""
