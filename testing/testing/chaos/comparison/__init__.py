"""Comparison of a state with the expected one."""

from testing.chaos.comparison.state_comparison import find_differences, find_losses

__all__ = ["find_differences", "find_losses"]
