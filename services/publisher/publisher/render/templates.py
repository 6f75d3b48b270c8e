"""Templates of dumb-pypi, rendered with its ``Package`` values.

We do not use dumb-pypi's ``build_repo``, for three reasons. It writes a whole repository to a
directory. It guesses project and version from file names, and silently drops some valid files. It
calls ``datetime.utcnow``, which is deprecated since Python 3.12. dumb-pypi's templates, filled with
``Package`` values from the record, give the same HTML without these problems. The subclasses below
override two methods: they percent-encode URLs, and format times without a deprecated call.

A template with an unknown variable fails (``StrictUndefined``).
"""

from datetime import UTC, datetime
from functools import cache

from dumb_pypi.main import Package
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from packaging.version import Version as ParsedVersion

from publisher.render.listing import ListedFile, make_printable
from schemas import layout


class _File(Package):  # type: ignore[misc]  # dumb-pypi ships no types
    """File in the form that a template needs."""

    __slots__ = ()

    def url(self, base_url: str, *, include_hash: bool = True) -> str:
        """Return the relative URL, percent-encoded; ``base_url`` is ignored."""
        return f"{layout.format_file_link(self.filename)}#{self.hash}"

    @property
    def formatted_upload_time(self) -> str:
        """Upload time in a readable form."""
        moment = datetime.fromtimestamp(self.upload_timestamp, UTC)
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


class _Reason(str):
    """Reason of a yank; true even if it is empty, because the templates test its truth value."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return True


def make_file(file: ListedFile) -> Package:
    """Return dumb-pypi's value for a file of a project's page."""
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
        uploaded_by=make_printable(facts.uploader),
        yanked_reason=None if file.yanked is None else _Reason(file.yanked),
    )


def render(name: str, **variables: object) -> str:
    """Render one of dumb-pypi's templates, without the time of rendering."""
    common = {"generate_timestamp": False, "logo": "", "packages_url": ""}
    return _load_template(name).render(**common, **variables)


@cache
def _load_template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("dumb_pypi", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
