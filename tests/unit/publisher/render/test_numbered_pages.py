import pytest

from publisher.render.numbered_pages import INDEX, NumberedPages


def divide(count: int, size: int = 3) -> NumberedPages[int]:
    return NumberedPages(range(1, count + 1), size)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, [[]]),
        (5, [[5, 4, 3, 2, 1]]),
        (6, [[6, 5, 4], [3, 2, 1]]),
        (11, [[11, 10, 9, 8, 7], [6, 5, 4], [3, 2, 1]]),
    ],
)
def test_the_index_has_the_newest_items(count: int, expected: list[list[int]]) -> None:
    pages = divide(count)
    numbers = [INDEX, *range(pages.count, 0, -1)]
    assert [list(pages.list_items(number)) for number in numbers] == expected


def test_existing_pages_above_the_count_have_no_items() -> None:
    pages = divide(6)
    assert list(pages.list_numbers({1, 2, 4}.__contains__)) == [INDEX, 1, 2]
    assert list(pages.list_items(2)) == []
    assert pages.count_decisive(2) == 6


def test_a_page_depends_on_the_items_up_to_its_end_and_those_of_the_next_page() -> None:
    pages = divide(14)
    assert pages.count == 3
    assert [pages.count_decisive(number) for number in (1, 2, 3, INDEX)] == [9, 12, 9, 14]
