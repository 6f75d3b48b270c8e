"""Upload times of devpi, which its simple API lacks.

The project at ``/<user>/<index>/<project>`` has the log of each file. Its times are in UTC, in
whole seconds.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import requests

from gcpypi.connection.http_sessions import TIMEOUT

DEVPI = "/+simple/"
"""End of the URL of devpi's simple API."""


def read_devpi_times(session: requests.Session, url: str, project: str) -> Mapping[str, datetime]:
    """Return the upload time of each file of a project, by file name; empty if devpi has none.

    :param url: the simple API, ending in ``/+simple/``.
    :raises requests.RequestException: if devpi does not answer.
    """
    response = session.get(
        f"{url.removesuffix(DEVPI)}/{project}",
        headers={"Accept": "application/json"},
        timeout=TIMEOUT,
    )
    response.raise_for_status()
    return dict(_find_times(response.json()))


def _find_times(document: object) -> Iterator[tuple[str, datetime]]:
    for release in _get_dict(_get_dict(document).get("result")).values():
        links = _get_dict(release).get("+links")
        for link in links if isinstance(links, list) else ():
            filename = str(_get_dict(link).get("href")).partition("#")[0].rpartition("/")[2]
            log = _get_dict(link).get("log")
            for entry in log if isinstance(log, list) else ():
                if _get_dict(entry).get("what") == "upload" and (time := _read_time(entry)):
                    yield filename, time


def _read_time(entry: dict[str, object]) -> datetime | None:
    """Return the time of an entry of a log: year, month, day, hours, minutes, seconds."""
    when = entry.get("when")
    try:
        return datetime(*when[:6]).replace(tzinfo=UTC) if isinstance(when, list) else None
    except (TypeError, ValueError):
        return None


def _get_dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
