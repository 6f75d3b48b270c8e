"""Pages for people, from the uploads to the answers for a whole and for a scoped token."""

import json
import re
import sys
from functools import partial
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import pytest

from e2e.conftest import LocalIndex, wait_until
from testing.fakes.small_wheels import build_wheel, wheel_filename

OWN, OTHER = "paged-own", "paged-other"
"""Projects inside and outside of the scope of the token for some projects."""
METADATA = (
    f"Summary: Widgets <b>\nKeywords: lathe\nRequires-Dist: {OTHER}>=1\n"
    "Description-Content-Type: text/markdown\n"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ATOM = "{http://www.w3.org/2005/Atom}"


def build_release(project: str, version: str) -> bytes:
    return build_wheel(project.replace("-", "_"), version, metadata=METADATA)


@pytest.fixture(scope="module")
def index(built_in: LocalIndex) -> LocalIndex:
    """Index with two projects whose pages are written."""
    for project, version in ((OWN, "1.0"), (OWN, "1.1"), (OTHER, "2.0")):
        filename = wheel_filename(project.replace("-", "_"), version)
        built_in.upload_file(filename, build_release(project, version))
    wanted = {(OWN, "1.1"), (OTHER, "2.0")}
    wait_until(lambda: wanted <= list_versions(built_in))
    for project, version in wanted:
        page = f"/projects/{project}/"
        wait_until(partial(has_text, built_in, page, version))
        wait_until(partial(has_text, built_in, f"{page}{version}/", version))
    return built_in


@pytest.fixture(scope="module")
def token(index: LocalIndex) -> str:
    """Token for one of the two projects."""
    command = (sys.executable, "-W", "error", "-m", "gcpypi", "token", "create", "pages")
    created = index.run(*command, "--project", f"{OWN}*").stdout.strip()
    wait_until(lambda: index.get("/", token=created)[0] == 200)
    return created


def read(index: LocalIndex, path: str, token: str | None = None) -> list[dict[str, object]]:
    """Return the items of an array; empty if there is none."""
    status, body = index.get(path, token=token)
    items: list[dict[str, object]] = json.loads(body) if status == 200 else []
    return items


def list_versions(index: LocalIndex) -> set[tuple[object, object]]:
    return {(item["project"], item.get("version")) for item in read(index, "/search.json")}


def has_text(index: LocalIndex, path: str, text: str) -> bool:
    status, body = index.get(path)
    return status == 200 and text in body.decode()


def read_projects(index: LocalIndex, path: str, token: str | None = None) -> set[object]:
    return {item["project"] for item in read(index, path, token)} & {OWN, OTHER}


@pytest.mark.parametrize("path", ["/", "/search/", "/changes/"])
def test_a_shell_names_no_project_and_is_equal_for_every_token(
    index: LocalIndex, token: str, path: str
) -> None:
    status, body = index.get(path, BROWSER)
    assert (status, b"paged-" in body) == (200, False)
    assert index.get(path, BROWSER, token) == (200, body)


@pytest.mark.parametrize("path", ["/", "/search/", "/changes/", "/projects/", f"/projects/{OWN}/"])
def test_the_assets_of_a_page_are_served(index: LocalIndex, token: str, path: str) -> None:
    """The style sheet, the scripts and the icons, also those of the sprite."""
    body = index.get(path, BROWSER)[1].decode()
    links = re.findall(r"""["']([./]*static/[0-9a-f]{16}/[^"'#]+)""", body)
    assert [link for link in links if link.endswith(".css")]
    paths = {urlsplit(urljoin(f"http://index{path}", link)).path for link in links}
    assert {asset: index.get(asset, token=token)[0] for asset in paths} == dict.fromkeys(paths, 200)


@pytest.mark.parametrize(
    "path", ["/search.json", "/search/pa.json", "/recent.json", "/changes.json"]
)
def test_a_scoped_token_sees_only_its_items(index: LocalIndex, token: str, path: str) -> None:
    wait_until(lambda: read_projects(index, path) == {OWN, OTHER})
    assert read_projects(index, path, token) == {OWN}
    own = [item for item in read(index, path) if item["project"] == OWN]
    assert read(index, path, token) == own


@pytest.mark.parametrize(
    "suffix",
    ["", "{version}/", "releases.json", "history/", "feed.xml"],
)
def test_the_pages_of_a_project_are_for_its_tokens(
    index: LocalIndex, token: str, suffix: str
) -> None:
    own, other = (
        f"/projects/{project}/{suffix.format(version=version)}"
        for project, version in ((OWN, "1.1"), (OTHER, "2.0"))
    )
    assert has_text(index, own, "1.1")
    assert has_text(index, other, "2.0")
    assert index.get(own, BROWSER, token) == index.get(own, BROWSER)
    assert index.get(other, BROWSER, token)[0] == 404


def test_metadata_in_json_is_for_the_tokens_of_the_project(index: LocalIndex, token: str) -> None:
    newest = json.loads(index.get(f"/pypi/{OWN}/json", token=token)[1])
    older = json.loads(index.get(f"/pypi/{OWN}/1.0/json", token=token)[1])
    assert (newest["info"]["version"], older["info"]["version"]) == ("1.1", "1.0")
    assert newest["info"]["summary"] == "Widgets <b>"
    for path in (f"/pypi/{OTHER}/json", f"/pypi/{OTHER}/2.0/json"):
        assert index.get(path)[0] == 200
        assert index.get(path, token=token)[0] == 404


def test_feeds_are_atom(index: LocalIndex, token: str) -> None:
    for path in ("/feed.xml", f"/projects/{OWN}/feed.xml"):
        feed = ElementTree.fromstring(index.get(path)[1])  # noqa: S314 - our own feed
        titles = [entry.findtext(f"{ATOM}title") or "" for entry in feed.iter(f"{ATOM}entry")]
        assert feed.tag == f"{ATOM}feed"
        assert [title for title in titles if OWN in title and "1.1" in title]
    assert index.get("/feed.xml", token=token)[0] == 404


def test_lists_of_all_projects_are_for_whole_tokens(index: LocalIndex, token: str) -> None:
    for path in ("/projects/page1.html", "/totals.json"):
        assert (index.get(path)[0], index.get(path, token=token)[0]) == (200, 404)
    whole, scoped = index.get("/projects/", BROWSER), index.get("/projects/", BROWSER, token)
    assert (whole[0], scoped[0]) == (200, 200)
    assert (OTHER.encode() in whole[1], OTHER.encode() in scoped[1]) == (True, False)
    assert f'href="{OWN}/"'.encode() in whole[1]
    assert f'href="{OWN}/"'.encode() in scoped[1]


def test_another_spelling_of_a_release_leads_to_its_page(index: LocalIndex) -> None:
    expected = index.get(f"/projects/{OWN}/1.1/", BROWSER)
    for path in ("/projects/Paged_Own/v1.1", f"/projects/{OWN}/1.1.0/"):
        assert index.get(path, BROWSER) == expected


def test_errors_are_pages_for_browsers_only(index: LocalIndex, token: str) -> None:
    page = index.get(f"/projects/{OTHER}/", BROWSER, token)
    assert (page[0], b"<h1>404 Not Found</h1>" in page[1]) == (404, True)
    text = index.get(f"/projects/{OTHER}/", token=token)
    assert (text[0], text[1][:10]) == (404, b"Not found.")
    assert b"<h1>401 Unauthorized</h1>" in index.get("/", BROWSER, "")[1]


def test_no_service_complains(index: LocalIndex, token: str) -> None:
    assert [line for line in index.find_complaints() if "paged" in line] == []
