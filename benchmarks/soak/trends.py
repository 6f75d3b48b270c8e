"""Trends: slopes of measurements over time, their standard errors, and their bounds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

NOISE = 3.0
"""Standard errors from which a slope counts as above noise."""
LEAST = 4
"""Number of values that a slope needs."""


@dataclass(frozen=True)
class Trend:
    """Slope of a measurement."""

    mean: float
    slope: float
    """Change per hour."""
    error: float
    """Standard error of the slope, per hour."""

    @property
    def is_above_noise(self) -> bool:
        """Whether the slope is positive beyond its noise."""
        return self.slope > NOISE * self.error

    def exceeds(self, bound: float) -> bool:
        """Return whether the slope is above noise and above a bound per hour."""
        return self.is_above_noise and self.slope > bound


def fit_trend(hours: Sequence[float], values: Sequence[float]) -> Trend | None:
    """Fit a line by least squares; return None for less than :data:`LEAST` values.

    The standard error assumes independent deviations, so pass means over a period and not single
    measurements.
    """
    if len(values) < LEAST:
        return None
    middle, mean = fmean(hours), fmean(values)
    spread = sum((x - middle) ** 2 for x in hours)
    slope = sum((x - middle) * (y - mean) for x, y in zip(hours, values, strict=True)) / spread
    left = ((y - mean - slope * (x - middle)) ** 2 for x, y in zip(hours, values, strict=True))
    return Trend(mean, slope, math.sqrt(sum(left) / (len(values) - 2) / spread))
