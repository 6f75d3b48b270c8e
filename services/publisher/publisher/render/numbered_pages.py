"""Division of a growing list into pages that seldom change.

The index of the list has the newest items, and full pages have the others. Full pages are numbered
from the oldest one. So a further item changes the index only, and now and then completes a page.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

Item = TypeVar("Item")

INDEX = 0
"""Number of the index; the page of the oldest items is 1."""


@dataclass(frozen=True, slots=True)
class NumberedPages(Generic[Item]):
    """Pages of a list of items."""

    items: Sequence[Item]
    """All items, the oldest one first."""
    size: int
    """Number of items on a full page; the index has fewer than twice as many."""

    @property
    def count(self) -> int:
        """Number of full pages."""
        return max(0, len(self.items) // self.size - 1)

    def list_numbers(self, is_existing: Callable[[int], bool]) -> Iterator[int]:
        """Yield the numbers of the index, of all full pages, and of further existing pages.

        A list that was restored from an older state can have more pages than it needs.
        """
        yield INDEX
        for page in count(1):
            if page > self.count and not is_existing(page):
                return
            yield page

    def list_items(self, page: int) -> Sequence[Item]:
        """Return the items of a page, the newest one first; none for a page above the count."""
        if page > self.count:
            return ()
        start = (page - 1 if page != INDEX else self.count) * self.size
        end = start + self.size if page != INDEX else len(self.items)
        return self.items[start:end][::-1]

    def count_decisive(self, page: int) -> int:
        """Return the number of the oldest items that a page depends on.

        A full page depends on the items up to its end. As soon as there is a next full page, it has
        a link to that: then a new item is among those that the next page needs.
        """
        if page == INDEX or page > self.count:
            return len(self.items)
        return self.size * (page if page == self.count else page + 2)
