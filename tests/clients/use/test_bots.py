"""Requests of Bazel, Renovate and Dependabot, which are not installed here.

The requests and the way to read a page follow their sources: ``parse_simpleapi_html.bzl`` of
rules_python, ``datasource/pypi`` of Renovate, ``authed_url_builder.rb`` of Dependabot.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser

import httpx
import pytest

from clients.use.conftest import TwoIndexes

pytestmark = pytest.mark.clients

WHEEL = "acme_tool-1.0-py3-none-any.whl"
RENOVATE = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, "
    "text/html; q=0.01"
)
DEPENDABOT = "text/html"


def encode_basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


CREDENTIALS: dict[str, Callable[[str], str]] = {
    "user name and password": lambda token: encode_basic("__token__", token),
    "token as user name": lambda token: encode_basic(token, ""),
    "token as user name, with a newline": lambda token: encode_basic(f"{token}\n", ""),
    "password with a newline": lambda token: encode_basic("__token__", f"{token}\n"),
    "Bearer": lambda token: f"Bearer {token}",
}
"""Credentials of the bots, by their configuration. A secret can end with a newline."""


def find_by_search(page: str) -> dict[str, str]:
    """Return the URL of each file, by a search for strings as in rules_python."""
    found, cursor = {}, 0
    while (start := page.find("<a ", cursor)) != -1:
        end = page.find("</a>", start)
        close = page.rfind(">", start, end)
        [href] = re.findall('href="(.*?)"', page[start:close])
        found[page[close + 1 : end].strip()] = href
        cursor = end
    return found


def resolve_by_text(page_url: str, link: str) -> str:
    """Return the URL of a link as rules_python does, without a library for URLs."""
    scheme, _, rest = page_url.partition("://")
    if "://" in link:
        return link
    if link.startswith("/"):
        return f"{scheme}://{rest.partition('/')[0]}{link}"
    folder = page_url.rstrip("/")
    while link.startswith("../"):
        link, folder = link.removeprefix("../"), folder.rpartition("/")[0]
    return f"{folder}/{link.removeprefix('./')}"


def test_bazel_downloads_a_file_that_it_finds_by_a_search_for_strings(indexes: TwoIndexes) -> None:
    page_url = f"{indexes.address}/simple/acme-tool/"
    with httpx.Client(auth=("__token__", indexes.token), trust_env=False) as client:
        files = find_by_search(client.get(page_url).text)
        url, _, digest = files[WHEEL].partition("#sha256=")
        data = client.get(resolve_by_text(page_url, url)).content

    assert hashlib.sha256(data).hexdigest() == digest


class Links(HTMLParser):
    """Texts of the links on a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._is_link = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._is_link = tag == "a"

    def handle_endtag(self, tag: str) -> None:
        self._is_link = False

    def handle_data(self, data: str) -> None:
        if self._is_link:
            self.texts.append(data.strip())


def list_files(answer: httpx.Response) -> list[str]:
    """Return the file names of a page by its content type, as Renovate does."""
    if "json" in answer.headers["content-type"]:
        return [file["filename"] for file in answer.json()["files"]]
    return Links(answer.text).texts


@pytest.mark.parametrize("accept", [RENOVATE, DEPENDABOT], ids=["renovate", "dependabot"])
@pytest.mark.parametrize("credential", CREDENTIALS)
def test_a_bot_lists_private_and_public_releases(
    credential: str, accept: str, indexes: TwoIndexes
) -> None:
    headers = {
        "Accept": accept,
        "Accept-Encoding": "gzip, deflate, br",
        "Authorization": CREDENTIALS[credential](indexes.token),
    }
    names = ("acme-tool", "pub-tool")
    with httpx.Client(headers=headers, follow_redirects=True, trust_env=False) as client:
        answers = [client.get(f"{indexes.address}/simple/{name}/") for name in names]

    files = [list_files(answer) for answer in answers]
    assert files == [[WHEEL], ["pub_tool-1.0-py3-none-any.whl"]]
    assert (indexes.public.asked, indexes.public.credentials) == ({"pub-tool"}, set())


def test_renovate_reads_the_older_api_of_an_index_url_without_simple(indexes: TwoIndexes) -> None:
    headers = {"Authorization": encode_basic("__token__", indexes.token)}
    answer = httpx.get(f"{indexes.address}/pypi/acme-tool/json", headers=headers, trust_env=False)

    releases = answer.json()["releases"]
    yanked = {version: [file["yanked"] for file in files] for version, files in releases.items()}
    assert yanked == {"1.0": [False]}
