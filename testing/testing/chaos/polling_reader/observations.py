"""Observations of a reader, and the promises that they contradict.

All times are seconds of the reader's clock, which stands still while a part of the read side is
stopped. Some observations can be judged only at the end: a file that does not answer can be one
that a command has just withdrawn, and a withdrawn file that is served can have been restored.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Protocol

PATIENCE = 8.0
"""Seconds after ``project-published`` in which a withdrawn file can be served in production."""
UNAVAILABLE = 503
_FIRST_ERROR = 500


class Settled(Protocol):
    """Facts of the expected state that decide about observations."""

    @property
    def listed(self) -> dict[str, frozenset[str]]:
        """Names of the files on the pages, by project."""

    @property
    def losers(self) -> frozenset[str]:
        """Files that are not listed because of an equivalent one; they stay served."""

    @property
    def withdrawable(self) -> frozenset[str]:
        """Files that a command removed or quarantined at some time."""


@dataclass(frozen=True)
class SeenPublication:
    """Message on ``project-published``."""

    project: str
    revision: int
    filenames: frozenset[str]
    moment: float


@dataclass(frozen=True)
class LateService:
    """Withdrawn file that was served."""

    filename: str
    publication: SeenPublication
    moment: float


@dataclass
class Observations:
    """Everything that a reader has seen."""

    patience: float = PATIENCE
    """Seconds after ``project-published`` in which a withdrawn file can still be served."""
    differences: list[str] = field(default_factory=list)
    """Contradictions that no later event can explain."""
    publications: dict[str, list[SeenPublication]] = field(default_factory=dict)
    pages: dict[str, frozenset[str]] = field(default_factory=dict)
    """Files of the last answer for each page."""
    known: dict[str, str] = field(default_factory=dict)
    """Path of each file that a page has linked at some time."""
    _dead_links: list[tuple[str, str]] = field(default_factory=list)
    """Linked file without an answer, and a sentence."""
    _late: list[LateService] = field(default_factory=list)

    def note_publication(self, publication: SeenPublication) -> None:
        """Add a message; messages arrive in any order."""
        self.publications.setdefault(publication.project, []).append(publication)

    def note_status(
        self, url: str, status: int, *, has_retry_after: bool, is_fault_on: bool
    ) -> None:
        """Check a status: no 500, and 503 only with ``Retry-After`` during a fault."""
        is_allowed = status == UNAVAILABLE and has_retry_after and is_fault_on
        if status >= _FIRST_ERROR and not is_allowed:
            when = "during a fault" if is_fault_on else "without a fault"
            retry = "with" if has_retry_after else "without"
            self.differences.append(f"GET {url} is {status} {retry} Retry-After {when}")
        elif status in (401, 403):
            self.differences.append(f"GET {url} is {status} with a valid token")

    def note_page(self, project: str, names: Collection[str] | None) -> None:
        """Add the answer for a page: its files, or None if there is no page."""
        if names is not None:
            self.pages[project] = frozenset(names)
        elif project in self.pages:
            self.differences.append(f"the page of {project} was there, and is 404 now")

    def note_dead_link(self, project: str, filename: str, status: int) -> None:
        """Add a linked file that does not answer."""
        sentence = f"the page of {project} links {filename}, whose status is {status}"
        self._dead_links.append((filename, sentence))

    def note_withdrawn(self, filename: str) -> None:
        """Add a withdrawn file that is still served when the system has settled."""
        self.differences.append(f"{filename} is served, and the newest record does not list it")

    def note_content(self, url: str, found: str, wanted: str) -> None:
        """Compare the digest of an answer with the digest in the page."""
        if found != wanted:
            self.differences.append(f"GET {url} has sha256 {found}, its page has {wanted}")

    def note_file(self, project: str, filename: str, moment: float) -> None:
        """Add a served file: it is late if an old publication does not list it.

        :param moment: time before the request.
        """
        old = [
            each
            for each in self.publications.get(project, ())
            if each.moment <= moment - self.patience
        ]
        newest = max(old, key=lambda each: each.revision, default=None)
        if newest is not None and filename not in newest.filenames:
            self._late.append(LateService(filename, newest, moment))

    def list_withdrawn(self, project: str) -> list[str]:
        """Return the known files that the newest publication of a project does not list."""
        found = self.publications.get(project)
        if not found:
            return []
        newest = max(found, key=lambda each: each.revision)
        listed = set[str]().union(*(each.filenames for each in found))
        return sorted((listed & self.known.keys()) - newest.filenames)

    def find_differences(self, settled: Settled) -> list[str]:
        """Return all contradictions, when the expected state is known."""
        return [
            *self.differences,
            *(text for name, text in self._dead_links if name not in settled.withdrawable),
            *self._find_late(settled),
            *self._compare_last_pages(settled),
        ]

    def _find_late(self, settled: Settled) -> Iterator[str]:
        for each in self._late:
            found = self.publications[each.publication.project]
            later = (other for other in found if other.revision > each.publication.revision)
            is_restored = any(each.filename in other.filenames for other in later)
            if each.filename not in settled.losers and not is_restored:
                seconds = each.moment - each.publication.moment
                yield (
                    f"{each.filename} was served {seconds:.1f} s after project-published of "
                    f"{each.publication.project} at revision {each.publication.revision}, which "
                    f"does not list it; the limit is {self.patience:.0f} s"
                )

    def _compare_last_pages(self, settled: Settled) -> Iterator[str]:
        """Compare the last answer for each page with the newest record."""
        for project, names in sorted(settled.listed.items()):
            found = self.pages.get(project)
            if found != names:
                shown = "no page" if found is None else sorted(found ^ names)
                yield f"the last page of {project} differs from its newest record by {shown}"
