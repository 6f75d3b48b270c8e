"""Values of the fields of core metadata, and errors of their parsers, as text of bounded size."""

MAX_SUMMARY_SIZE = 512
"""Maximum size of a summary or an error, in bytes of UTF-8. Longer ones are cut."""
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


def format_error(error: BaseException) -> str:
    """Return the message of a parser's error on one line."""
    return truncate(collapse(str(error)))
