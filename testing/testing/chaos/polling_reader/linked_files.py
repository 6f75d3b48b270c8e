"""Files that a page of the index links."""

from dataclasses import dataclass
from urllib.parse import urljoin

import httpx


@dataclass(frozen=True)
class LinkedFile:
    """File on a page."""

    project: str
    filename: str
    url: str
    sha256: str
    has_metadata: bool


def read_links(project: str, url: str, response: httpx.Response) -> list[LinkedFile]:
    """Return the files of a page in JSON; ``url`` is the base of its links."""
    return [
        LinkedFile(
            project,
            file["filename"],
            urljoin(url, file["url"]),
            file["hashes"]["sha256"],
            bool(file.get("core-metadata")),
        )
        for file in response.json()["files"]
    ]
