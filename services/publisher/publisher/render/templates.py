"""dumb-pypi's templates, rendered with its own ``Package`` values.

Not by its ``build_repo``: that writes a whole repository to a directory, guesses project and
version from file names (dropping legal files with exit code 0), and calls ``datetime.utcnow``,
which warns since Python 3.12. Its packaged templates with ``Package`` values made here from the
record are the same HTML without any of this. What the templates call on a value and must be said
otherwise – addresses percent-encoded, times without the deprecated call – is overridden below.

A template that asks for a variable we do not give fails (``StrictUndefined``).
"""

from datetime import UTC, datetime
from functools import cache

from dumb_pypi.main import CHANGELOG_ENTRIES_PER_PAGE, Package
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from packaging.version import Version as ParsedVersion

from publisher.render.listing import ListedFile, printable
from schemas import layout
from schemas.catalog import CatalogEntry

ENTRIES_PER_PAGE: int = CHANGELOG_ENTRIES_PER_PAGE
"""How many entries a page of the changelog holds."""


class _File(Package):  # type: ignore[misc]  # dumb-pypi ships no types
    """A file, as a template sees it."""

    __slots__ = ()

    def url(self, base_url: str, *, include_hash: bool = True) -> str:
        """Its address, percent-encoded; ``base_url`` is known to the layout."""
        return f"{layout.file_address(self.filename)}#{self.hash}"

    @property
    def formatted_upload_time(self) -> str:
        """Its upload time, for people."""
        moment = datetime.fromtimestamp(self.upload_timestamp, UTC)
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


class _Project(_File):
    """A project's latest upload, in the place of a file: what the changelog lists."""

    __slots__ = ()

    def url(self, base_url: str, *, include_hash: bool = True) -> str:
        """The project's page."""
        return f"/{layout.project_pages(self.name)}"


class _Reason(str):
    """A reason that counts as said even if it is empty: the templates ask for its truth."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return True


def file_value(file: ListedFile) -> Package:
    """dumb-pypi's value for a file of a project's page."""
    facts = file.facts
    return _File(
        filename=facts.filename,
        name=facts.project,
        version=facts.version,
        parsed_version=ParsedVersion(facts.version),
        hash=f"sha256={facts.sha256}",
        requires_dist=facts.requires_dist,
        requires_python=file.requires_python,
        core_metadata=facts.metadata_sha256 and f"sha256={facts.metadata_sha256}",
        upload_timestamp=int(facts.upload_time.timestamp()),
        uploaded_by=printable(facts.uploader),
        yanked_reason=None if file.yanked is None else _Reason(file.yanked),
    )


def project_value(entry: CatalogEntry) -> Package:
    """dumb-pypi's value for a line of the changelog; its last column is the latest version.

    Named as on the other pages: file names, which spell ``-`` as ``_``, are how nobody asks for it.
    """
    return _Project(
        filename=entry.project,
        name=entry.project,
        version=entry.latest_version,
        parsed_version=ParsedVersion(entry.latest_version or "0"),
        hash=None,
        requires_dist=None,
        requires_python=None,
        core_metadata=None,
        upload_timestamp=int(entry.latest_upload.timestamp()) if entry.latest_upload else None,
        uploaded_by=entry.latest_version or "none",
        yanked_reason=None,
    )


def render(name: str, **variables: object) -> str:
    """Render one of dumb-pypi's templates, without the time of its making."""
    common = {"generate_timestamp": False, "logo": "", "packages_url": ""}
    return _template(name).render(**common, **variables)


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("dumb_pypi", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
