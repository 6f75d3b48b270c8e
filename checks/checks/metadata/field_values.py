"""Values of the fields of core metadata, and errors of their parsers, as text of bounded size."""

from collections.abc import Iterable

MAX_SUMMARY_SIZE = 512
"""Maximum size of a summary or an error, in bytes of UTF-8. Longer ones are cut."""
MAX_KEYWORDS_SIZE = 512
"""Maximum size of all keywords with commas between them, in bytes of UTF-8."""
PARSER_FAILURES = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)
"""Exceptions that third-party parsers raised for hostile input, besides their own."""


def collapse(value: str) -> str:
    """Collapse the white space in a value."""
    return " ".join(value.split())


def truncate(text: str) -> str:
    """Cut a text to `MAX_SUMMARY_SIZE`."""
    return text.encode()[:MAX_SUMMARY_SIZE].decode("utf-8", "ignore")


def list_keywords(values: Iterable[str]) -> tuple[str, ...]:
    """Return keywords without repetitions and blanks, with white space collapsed.

    Keywords that do not fit into `MAX_KEYWORDS_SIZE` are left out.
    """
    kept, size = dict[str, None](), -1
    for value in map(collapse, values):
        length = len(value.encode()) + 1
        if value and value not in kept and size + length <= MAX_KEYWORDS_SIZE:
            kept[value] = None
            size += length
    return tuple(kept)


def format_error(error: BaseException) -> str:
    """Return the message of a parser's error on one line."""
    return truncate(collapse(str(error)))
