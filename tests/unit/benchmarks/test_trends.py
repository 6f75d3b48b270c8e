"""Trends of the soak, and their verdict."""

import pytest

from benchmarks.soak.resource_samples import DiskUsage, Period, average
from benchmarks.soak.soak_table import find_excesses, fit_trends, group_faults
from benchmarks.soak.trends import Trend, fit_trend

MINUTE = 1 / 60


def make_periods(values: list[float], name: str = "ingest", measure: str = "MiB") -> list[Period]:
    """Return a period a minute for the values of one measure."""
    return [
        Period((number + 0.5) * MINUTE, {name: {measure: value}}, DiskUsage(0, 0, 0))
        for number, value in enumerate(values)
    ]


def test_the_slope_and_its_standard_error_are_those_of_least_squares() -> None:
    trend = fit_trend([0, 1, 2, 3], [1, 3, 2, 4])

    assert trend is not None
    assert trend.mean == 2.5
    assert trend.slope == pytest.approx(0.8)
    # The sum of the squares of the deviations is 1.8, and that of the distances from 1.5 is 5.
    assert trend.error == pytest.approx((1.8 / 2 / 5) ** 0.5)


def test_three_values_have_no_slope() -> None:
    assert fit_trend([0, 1, 2], [1, 2, 3]) is None
    assert fit_trends(make_periods([1, 2, 3, 4])) == {}  # the first one is the warm-up


@pytest.mark.parametrize(
    ("slope", "error", "exceeds"),
    [(31, 10, True), (31, 11, False), (29, 1, False), (-31, 1, False), (31, 0, True)],
)
def test_a_slope_counts_above_its_noise_and_its_bound(
    slope: float, error: float, exceeds: bool
) -> None:
    assert Trend(100, slope, error).exceeds(30) is exceeds


def test_a_leak_of_a_mebibyte_a_minute_is_a_fault() -> None:
    leak = make_periods([100 + minute + 0.2 * (minute % 2) for minute in range(10)])

    [fault] = find_excesses(fit_trends(leak))

    assert fault.startswith("ingest: +61 ± 1 ")
    assert fault.endswith(" MiB an hour, above 30")


def test_a_leak_of_two_descriptors_a_minute_is_a_fault() -> None:
    leak = make_periods([20 + 2 * minute for minute in range(10)], measure="descriptors")

    assert list(find_excesses(fit_trends(leak))) == [
        "ingest: +120 ± 0 descriptors an hour, above 60"
    ]


def test_noise_and_the_growth_of_the_warm_up_are_no_faults() -> None:
    noise = make_periods([100, 101, 100, 102, 100, 101, 100, 101, 100, 102])
    warm_up = make_periods([50, 90, *[100] * 8])

    assert list(find_excesses(fit_trends(noise))) == []
    assert list(find_excesses(fit_trends(warm_up))) == []


def test_the_memory_of_the_stand_in_for_storage_may_grow_but_not_its_descriptors() -> None:
    values = [float(100 + 5 * minute) for minute in range(10)]

    assert list(find_excesses(fit_trends(make_periods(values, "storage")))) == []
    assert list(find_excesses(fit_trends(make_periods(values, "storage", "descriptors")))) != []


def test_a_period_has_the_means_of_its_samples() -> None:
    samples = [{"relay": {"MiB": 10.0, "threads": 3}}, {"relay": {"MiB": 20.0, "threads": 3}}]

    assert average(samples) == {"relay": {"MiB": 15.0, "threads": 3}}


def test_faults_that_differ_in_numbers_are_one_group() -> None:
    faults = ["read: 503 /simple/soak-01/", "proxy: died", "read: 503 /simple/soak-22/"]

    assert list(group_faults(faults)) == [
        "2 times, for example: read: 503 /simple/soak-01/",
        "1 times, for example: proxy: died",
    ]
