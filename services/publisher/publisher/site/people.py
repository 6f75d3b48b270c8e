"""Authors and maintainers of a release, from its core metadata."""

from dataclasses import dataclass
from email.utils import getaddresses

from packaging.metadata import RawMetadata

from checks.metadata.field_values import PARSER_FAILURES

MAX_PEOPLE = 50
"""Maximum number of authors, and of maintainers, that a page shows."""
_MAX_FIELD = 10_000


@dataclass(frozen=True, slots=True)
class Person:
    """Author or maintainer."""

    name: str
    email: str
    """Email address, shown as text; empty if it is unknown."""


def list_authors(metadata: RawMetadata) -> list[Person]:
    """Return the authors."""
    return _list_people(metadata.get("author"), metadata.get("author_email"))


def list_maintainers(metadata: RawMetadata) -> list[Person]:
    """Return the maintainers."""
    return _list_people(metadata.get("maintainer"), metadata.get("maintainer_email"))


def _list_people(names: str | None, emails: str | None) -> list[Person]:
    """Combine a field of names with one of addresses, which can contain names too.

    https://packaging.python.org/en/latest/specifications/core-metadata/#author-email
    """
    people = [Person(name, email) for name, email in _read_addresses(emails) if name or email]
    name = (names or "").strip()
    if len(people) == 1 and not people[0].name:
        return [Person(name, people[0].email)]
    named = {person.name for person in people}
    return ([Person(name, "")] if name and name not in named else []) + people


def _read_addresses(emails: str | None) -> list[tuple[str, str]]:
    """Return names and addresses; the whole text as one name if the parser reads none.

    For an unreadable text, the parser of Python 3.13 returns empty pairs; earlier ones can fail.
    """
    text = (emails or "")[:_MAX_FIELD]
    try:
        found = [pair for pair in getaddresses([text]) if any(pair)]
    except PARSER_FAILURES:  # nested comments exceed the limit of recursion
        found = []
    return found[:MAX_PEOPLE] or ([(text, "")] if text.strip() else [])
