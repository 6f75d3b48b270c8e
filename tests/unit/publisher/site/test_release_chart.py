from datetime import UTC, datetime

from publisher.site.release_chart import HEIGHT, MONTHS, Bar, draw_chart


def test_the_chart_ends_with_the_newest_release() -> None:
    times = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 3, 3, 3, 3)]
    bars = draw_chart(times)
    assert len(bars) == MONTHS
    assert bars[0] == Bar("2024-04", 0, 0, 0)
    assert bars[-3:] == [
        Bar("2026-01", 1, MONTHS - 3, HEIGHT // 4),
        Bar("2026-02", 0, MONTHS - 2, 0),
        Bar("2026-03", 4, MONTHS - 1, HEIGHT),
    ]


def test_older_releases_are_not_in_the_chart() -> None:
    years = [datetime(year, 5, 31, tzinfo=UTC) for year in (1, 2020, 2026)]
    assert sum(bar.releases for bar in draw_chart(years)) == 1


def test_few_releases_have_no_chart() -> None:
    assert draw_chart([datetime(2026, 1, 1, tzinfo=UTC)] * 2) == []


def test_releases_of_one_month_have_no_chart() -> None:
    assert draw_chart([datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 30)]) == []


def test_the_first_years_have_months() -> None:
    bars = draw_chart([datetime(1, month, 1, tzinfo=UTC) for month in (1, 1, 2)])
    assert [bar.month for bar in bars[-2:]] == ["0001-01", "0001-02"]
