"""Equivalence of a project's HTML and JSON for two external parsers (INDEX_API #41)."""

import json
import string
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypi_simple import DistributionPackage, ProjectPage

from publisher.render import project_html, simple_json
from publisher.render.listing import Listing
from schemas.records import ProjectRecord, Registers
from testing.fakes.examples import make_file_record, make_time
from unit.publisher.publisher_fixtures import (
    ACME,
    HOSTILE,
    make_hostile_record,
    make_record,
    make_record_of,
    make_removals,
    make_status,
    make_yank,
)

BASE = "https://packages.example/simple/acme/"


def render_both(of: ProjectRecord) -> tuple[str, Any]:
    listing = Listing.from_record(of)
    html = project_html.render(listing).decode()
    return html, json.loads(simple_json.render_project(listing))


def parse_with_html5lib(html: str) -> tuple[list[dict[str, object]], dict[str, str]]:
    """Return the files in the form of the JSON, and the declarations."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    document: Element = parser.parse(html)
    meta = {m.get("name", ""): m.get("content", "") for m in document.iter("meta")}
    return [parse_anchor(anchor) for anchor in document.iter("a")], meta


def parse_anchor(anchor: Element) -> dict[str, object]:
    url, _, digest = anchor.attrib["href"].partition("#")
    yanked = anchor.get("data-yanked")
    file: dict[str, object] = {
        "filename": anchor.text,
        "url": url,
        "hashes": dict([digest.split("=")]),
        "yanked": yanked is not None and (yanked or True),
    }
    if "data-requires-python" in anchor.attrib:
        file["requires-python"] = anchor.attrib["data-requires-python"]
    if "data-core-metadata" in anchor.attrib:
        file["core-metadata"] = dict([anchor.attrib["data-core-metadata"].split("=")])
    return file


def assert_equivalent(of: ProjectRecord) -> None:
    html, page = render_both(of)
    files, meta = parse_with_html5lib(html)
    only_json = {"size", "upload-time"}
    stripped = [{k: v for k, v in file.items() if k not in only_json} for file in page["files"]]
    assert files[::-1] == stripped
    assert meta["pypi:repository-version"] == page["meta"]["api-version"]
    assert meta["pypi:project-status"] == page["project-status"]["status"]
    assert meta.get("pypi:project-status-reason") == page["project-status"].get("reason")


EVERY_KIND_OF_RECORD = pytest.mark.parametrize(
    "of",
    [
        make_hostile_record(),
        make_record(),
        make_record(*HOSTILE, status=make_status("quarantined", "malware")),
        make_record(*HOSTILE, status=make_status("archived"), removed=make_removals(*HOSTILE[:4])),
    ],
    ids=["hostile", "empty", "quarantined", "archived"],
)


@pytest.mark.conformance(41)
@EVERY_KIND_OF_RECORD
def test_html5lib_reads_equal_files_in_html_and_json(of: ProjectRecord) -> None:
    assert_equivalent(of)


def drop_json_only_facts(package: DistributionPackage) -> DistributionPackage:
    """Remove facts that HTML lacks; a yank without a reason gets the empty reason of HTML."""
    reason = package.yanked_reason or ("" if package.is_yanked else None)
    return replace(package, size=None, upload_time=None, yanked_reason=reason)


@pytest.mark.conformance(41)
@EVERY_KIND_OF_RECORD
def test_pypi_simple_reads_the_same_packages_in_both(of: ProjectRecord) -> None:
    html, page = render_both(of)
    one = ProjectPage.from_html("acme", html, BASE)
    other = ProjectPage.from_json_data(page, BASE)
    assert [*map(drop_json_only_facts, one.packages[::-1])] == [
        *map(drop_json_only_facts, other.packages)
    ]
    assert (one.status, one.status_reason) == (other.status, other.status_reason)
    assert one.repository_version == other.repository_version == "1.4"


words = st.text(max_size=12) | st.text(string.punctuation + " \r\n\t", max_size=12)
registers = st.builds(make_yank, st.none() | words, value=st.booleans(), at=st.integers(0, 3))
marks = st.builds(
    Registers,
    files=st.dictionaries(st.sampled_from(HOSTILE), registers),
    versions=st.dictionaries(st.sampled_from(["1.0", "0.9", "1!2.0", "0.8"]), registers),
)


@st.composite
def draw_records(draw: st.DrawFn) -> ProjectRecord:
    names = draw(st.lists(st.sampled_from(HOSTILE), unique=True))
    files = [
        make_file_record(
            name,
            upload_time=make_time(draw(st.integers(0, 5))),
            requires_python=draw(st.none() | words),
            uploader=draw(words),
            summary=draw(st.none() | words),
        )
        for name in names
    ]
    statuses = st.sampled_from(["active", "archived", "quarantined", "deprecated"])
    return ProjectRecord.model_validate(
        {
            "project": ACME,
            "revision": draw(st.integers(0, 9)),
            "files": {file.filename: file for file in files},
            "yanked": draw(marks),
            "removed": draw(marks),
            "status": draw(st.none() | st.builds(make_status, statuses, st.none() | words)),
        }
    )


@pytest.mark.conformance(41)
@given(draw_records())
def test_any_record_says_the_same_in_both(of: ProjectRecord) -> None:
    assert_equivalent(of)


def test_an_sdist_says_its_python_in_both_and_advertises_no_metadata() -> None:
    sdist = make_file_record(
        "acme-1.0.tar.gz", requires_python=">=3.12,<4", pkg_info_sha256="c" * 64
    )
    html, page = render_both(make_record_of(sdist))
    (file,), _ = parse_with_html5lib(html)
    (entry,) = page["files"]
    assert file["requires-python"] == entry["requires-python"] == ">=3.12,<4"
    assert "core-metadata" not in file.keys() | entry.keys()


def test_one_of_two_equivalent_files_is_in_both() -> None:
    first = make_file_record("acme-1.0-py3-none-any.whl", promoted_at=make_time(1))
    second = make_file_record("acme-1.0.0-py3-none-any.whl", promoted_at=make_time(2))
    html, page = render_both(make_record_of(second, first))
    files, _ = parse_with_html5lib(html)
    names = [[file["filename"] for file in one] for one in (files, page["files"])]
    assert names == [[first.filename]] * 2
