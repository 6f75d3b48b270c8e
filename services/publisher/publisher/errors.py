"""Errors of the publisher, in addition to those of :mod:`cloud.errors`.

::

    PublisherError
    ├── UnexpectedHtml       the output of dumb-pypi differs from the expected markup
    ├── UnreadableEntry      an object under ``projects/`` is not a record
    ├── RecordBehind         a message has a higher revision than the record
    └── ReadmeProcessFailed  the child process for descriptions does not start
"""

from schemas.names import ProjectName


class PublisherError(Exception):
    """Base class of the errors of the publisher."""


class UnexpectedHtml(PublisherError):
    """HTML that differs from the expected markup; the page is not published.

    :param page: object name of the page.
    :param detail: expected and actual markup.
    """

    def __init__(self, page: str, detail: str) -> None:
        super().__init__(f"{page}: {detail}")
        self.page = page
        self.detail = detail


class UnreadableEntry(PublisherError):
    """Object of the metadata bucket that is not a record."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not a record")
        self.name = name


class RecordBehind(PublisherError):
    """Record with a lower revision than announced: an operator restored an older version of it."""

    def __init__(self, project: ProjectName, found: int, announced: int) -> None:
        super().__init__(
            f"{project}: the record has revision {found}, the message announced {announced}"
        )
        self.project = project
        self.found = found
        self.announced = announced


class ReadmeProcessFailed(PublisherError):
    """Child process for descriptions that ends, or does not answer, at its start.

    :param code: exit code of the process; negative: the signal that ended it.
    """

    def __init__(self, code: int) -> None:
        super().__init__(
            f"the process for descriptions ended at its start with code {code}: see its output in "
            "the log, and give the service more memory if it was killed"
        )
        self.code = code
