import pytest

from publisher.site.people import MAX_PEOPLE, Person, list_authors, list_maintainers
from testing.sample_content import METADATA


def test_names_and_addresses_are_combined() -> None:
    assert list_authors(METADATA) == [
        Person("Acme Maps", ""),
        Person("Ada Lovelace", "ada@example.com"),
        Person("Grace Hopper", "grace@example.com"),
    ]
    assert list_maintainers(METADATA) == [Person("", "maps@example.com")]


def test_one_name_belongs_to_one_address() -> None:
    authors = list_authors({"author": "Ada", "author_email": "ada@example.com"})
    assert authors == [Person("Ada", "ada@example.com")]


def test_the_number_of_people_is_limited() -> None:
    emails = ", ".join(f"Author {number} <a@example.com>" for number in range(200))
    assert len(list_authors({"author_email": emails})) == MAX_PEOPLE


def test_without_fields_there_are_no_people() -> None:
    assert list_authors({"author": "  ", "author_email": ""}) == []


@pytest.mark.parametrize("text", ["(" * 5_000, ":" * 9_000, "(" * 900 + ")" * 900])
def test_addresses_that_no_parser_reads_are_shown_as_they_are(text: str) -> None:
    assert list_authors({"author_email": text}) == [Person(text, "")]
