"""Source: an index with a simple API (PEP 503, PEP 691), read by pypi-simple."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import requests
from pypi_simple import DistributionPackage, NoSuchProjectError, ProjectPage, PyPISimple
from pypi_simple.errors import UnsupportedContentTypeError
from urllib3.exceptions import HTTPError

from gcpypi.connection.http_sessions import TIMEOUT, create_session, name_cause
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.importing.sources.devpi_times import DEVPI, read_devpi_times
from gcpypi.importing.sources.project_selection import select_projects
from gcpypi.importing.sources.source_credentials import split_credentials
from gcpypi.importing.sources.source_files import (
    CHUNK,
    SourceFailure,
    SourceFile,
    SourceListing,
    guess_project,
)
from schemas.names import try_normalize_project

_ERRORS = (requests.RequestException, UnsupportedContentTypeError, ValueError)
"""Errors of a request or of an unreadable page."""
_DENIED = (requests.codes.unauthorized, requests.codes.forbidden)


@dataclass
class SimpleIndexSource:
    """Index behind a URL, read in ``jobs`` threads."""

    address: str
    """URL of the simple API without credentials."""
    session: requests.Session
    jobs: int
    _simple: PyPISimple = field(init=False)

    def __post_init__(self) -> None:
        self._simple = PyPISimple(self.address, session=self.session)

    @classmethod
    def from_url(cls, url: str, jobs: int) -> Self:
        """Create a source of a URL that can have credentials.

        :raises CommandFailure: if it is not a URL of HTTP.
        """
        address, credentials = split_credentials(url)
        session = create_session(jobs)
        session.auth = credentials
        return cls(address, session, jobs)

    def read_listing(self, globs: Sequence[str]) -> SourceListing:
        """Read the list of projects, and the page of each selected project."""
        try:
            names = self._simple.get_index_page(timeout=TIMEOUT).projects
        except _ERRORS as error:
            raise CommandFailure(self._explain(error), ExitCode.UNAVAILABLE) from error
        known = {name for each in names if (name := try_normalize_project(each))}
        listing = SourceListing(files := [], statuses := {}, failures := {})
        projects = select_projects(known, globs, self.address)
        with ThreadPoolExecutor(self.jobs) as pool:
            for project, read in zip(projects, pool.map(self._try_page, projects), strict=True):
                if isinstance(read, str):
                    failures[project] = read
                    continue
                page, times = read
                files += [_build_file(each, project, times) for each in page.packages]
                if page.status and page.status != "active":
                    statuses[project] = str(page.status)
        return listing

    def fetch(self, file: SourceFile, folder: Path) -> Path:
        """Download a file with the bytes as stored, without decoding of a Content-Encoding."""
        path = folder / file.filename
        headers = {"Accept-Encoding": "identity"}
        try:
            with self.session.get(
                file.locator, stream=True, timeout=TIMEOUT, headers=headers
            ) as response:
                response.raise_for_status()
                with path.open("wb") as content:
                    content.writelines(response.raw.stream(CHUNK, decode_content=False))
        except (requests.RequestException, HTTPError) as error:
            raise SourceFailure(f"{file.place}: {name_cause(error)}") from error
        return path

    def _try_page(self, project: str) -> tuple[ProjectPage, Mapping[str, datetime]] | str:
        """Return the page of a project and the upload times that it lacks, or the failure."""
        try:
            page = self._simple.get_project_page(project, timeout=TIMEOUT)
            is_devpi = self.address.endswith(DEVPI)
            return page, read_devpi_times(self.session, self.address, project) if is_devpi else {}
        except NoSuchProjectError:
            return "it is listed and has no page"
        except _ERRORS as error:
            return name_cause(error)

    def _explain(self, error: Exception) -> str:
        response = error.response if isinstance(error, requests.RequestException) else None
        if response is not None and response.status_code in _DENIED:
            return (
                f"{self.address} refuses the credentials ({response.status_code}): write them into "
                "the URL (https://user:password@host/simple/) or into ~/.netrc"
            )
        return f"{self.address} has no readable list of projects: {name_cause(error)}"


def _build_file(
    package: DistributionPackage, project: str, times: Mapping[str, datetime]
) -> SourceFile:
    time = package.upload_time or times.get(package.filename)
    return SourceFile(
        filename=package.filename,
        locator=package.url,
        project=guess_project(package.filename, project),
        digests=package.digests,
        upload_time=time.replace(tzinfo=time.tzinfo or UTC) if time else None,
        yanked=(package.yanked_reason or "") if package.is_yanked else None,
        requires_python=package.requires_python,
    )
