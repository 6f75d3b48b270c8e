"""What can go wrong in the publisher, beside what the cloud raises.

::

    PublisherError
    ├── UnexpectedHtml   dumb-pypi's output is not what the adaptation knows
    ├── UnreadableEntry  an object among the records is none
    └── RecordBehind     a message speaks of a revision that the record has not reached
"""

from schemas.names import ProjectName


class PublisherError(Exception):
    """A page was not published."""


class UnexpectedHtml(PublisherError):
    """The HTML does not say what it should, so it is not published.

    :param page: the page's object name.
    :param detail: what was expected and what was found.
    """

    def __init__(self, page: str, detail: str) -> None:
        super().__init__(f"{page}: {detail}")
        self.page = page
        self.detail = detail


class UnreadableEntry(PublisherError):
    """The object ``name`` in the metadata bucket is no record."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is no record")
        self.name = name


class RecordBehind(PublisherError):
    """The record is older than the message says it is: somebody put an older one back."""

    def __init__(self, project: ProjectName, found: int, announced: int) -> None:
        super().__init__(f"{project}: record is at revision {found}, announced was {announced}")
        self.project = project
        self.found = found
        self.announced = announced
