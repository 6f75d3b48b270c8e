"""Pages of the older JSON API, in the shape that the public index documents ("JSON API")."""

import json
from typing import Any
from urllib.parse import urljoin

import pytest

from publisher.render.listing import Listing
from publisher.site.page_content import ReleaseContent
from publisher.web.core_fields import read_core_fields
from publisher.web.legacy_json import render_project_json, render_release_json
from schemas.names import Version
from schemas.records import ProjectRecord, Registers
from testing.fakes.examples import make_file_record
from unit.publisher.publisher_fixtures import (
    HOSTILE,
    NAUGHTY,
    make_hostile_record,
    make_record,
    make_record_of,
    make_status,
    make_yank,
)

METADATA = b"""\
Metadata-Version: 2.4
Name: acme
Version: 1.0
Summary: not read from here
Keywords: a,b c
Home-page: https://acme.example
Download-URL: javascript:alert(1)
Author: Ada \x1b[31mL.
Author-email: Ada <ada@acme.example>
Maintainer: Grace
Maintainer-email: grace@acme.example
License: MIT
License-Expression: MIT
License-File: LICENSE
Classifier: Private :: Do Not Upload
Classifier: Typing :: Typed
Project-URL: Source, https://acme.example/source
Project-URL: Bad, javascript:alert(1)
Platform: any
Provides-Extra: x
Dynamic: version
Description-Content-Type: text/markdown

# Acme

Two lines.
"""


def make_content(of: ProjectRecord, version: str = "1.0", metadata: bytes = b"") -> ReleaseContent:
    listing = Listing.from_record(of)
    return ReleaseContent(of, listing, Version(version), read_core_fields(metadata))


def render_page(of: ProjectRecord, index_url: str | None = None) -> Any:  # noqa: ANN401 - JSON
    return json.loads(render_project_json(make_content(of), index_url))


def render_release(
    of: ProjectRecord, version: str, index_url: str | None = None, metadata: bytes = b""
) -> Any:  # noqa: ANN401 - JSON
    return json.loads(render_release_json(make_content(of, version, metadata), index_url))


NO_METADATA: dict[str, object] = {
    "author": "",
    "author_email": "",
    "bugtrack_url": None,
    "classifiers": [],
    "description": "",
    "description_content_type": "",
    "docs_url": None,
    "download_url": "",
    "downloads": {"last_day": -1, "last_month": -1, "last_week": -1},
    "dynamic": None,
    "home_page": "",
    "keywords": "",
    "license": "",
    "license_expression": None,
    "license_files": None,
    "maintainer": "",
    "maintainer_email": "",
    "platform": None,
    "project_urls": {},
    "provides_extra": None,
}


def test_the_latest_release_represents_the_project() -> None:
    content = make_content(make_hostile_record(), "1!2.0")
    assert json.loads(render_project_json(content))["info"] == NO_METADATA | {
        "name": "acme",
        "package_url": "../../projects/acme/",
        "project_url": "../../projects/acme/",
        "release_url": "../../projects/acme/1%212.0/",
        "version": "1!2.0",
        "summary": "Says <hello> & goodbye",
        "requires_python": "<4, >=3.8",
        "requires_dist": ['other>=1; extra == "x"'],
        "yanked": False,
        "yanked_reason": None,
    }


def test_the_fields_of_metadata_are_complete_and_harmless() -> None:
    info = render_release(make_record("acme-1.0.tar.gz"), "1.0", metadata=METADATA)["info"]
    assert {name: info[name] for name in NO_METADATA} == NO_METADATA | {
        "author": "Ada [31mL.",
        "author_email": "Ada <ada@acme.example>",
        "classifiers": ["Private :: Do Not Upload", "Typing :: Typed"],
        "description": "# Acme\n\nTwo lines.\n",
        "description_content_type": "text/markdown",
        "dynamic": ["version"],
        "home_page": "https://acme.example",
        "keywords": "a,b c",
        "license": "MIT",
        "license_expression": "MIT",
        "license_files": ["LICENSE"],
        "maintainer": "Grace",
        "maintainer_email": "grace@acme.example",
        "platform": "any",
        "project_urls": {"Source": "https://acme.example/source"},
        "provides_extra": ["x"],
    }


def test_the_page_of_a_release_has_its_files_only() -> None:
    page = render_release(make_hostile_record(), "0.9")
    assert page.keys() == {"info", "urls", "vulnerabilities"}
    assert [file["filename"] for file in page["urls"]] == [
        "acme-0.9-py3-none-any.whl",
        "acme-0.9.tar.gz",
    ]
    assert page["urls"][0]["url"] == "../../../packages/acme-0.9-py3-none-any.whl"
    assert (page["info"]["version"], page["info"]["yanked"]) == ("0.9", True)
    assert page["info"]["release_url"] == "../../../projects/acme/0.9/"


def test_the_page_of_a_release_without_files_is_empty() -> None:
    page = render_release(make_hostile_record(), "0.6.dev3")
    assert (page["urls"], page["info"]["version"]) == ([], None)


@pytest.mark.parametrize(
    "base", ["https://packages.example/", "http://127.0.0.1:8080/", "https://x.example/python/"]
)
def test_with_the_url_of_the_index_all_urls_are_absolute(base: str) -> None:
    file = f"{base}packages/acme-1%212.0-py3-none-any.whl"
    for page in (
        render_page(make_hostile_record(), f"{base}simple/"),
        render_release(make_hostile_record(), "1!2.0", f"{base}simple/"),
    ):
        assert [each["url"] for each in page["urls"]] == [file]
        assert page["info"]["package_url"] == f"{base}projects/acme/"


@pytest.mark.parametrize("base", ["https://packages.example/", "https://x.example/python/"])
def test_without_it_relative_urls_lead_to_the_files_under_any_base(base: str) -> None:
    for address, page in (
        ("pypi/acme/json", render_page(make_hostile_record())),
        ("pypi/acme/1!2.0/json", render_release(make_hostile_record(), "1!2.0")),
    ):
        [url] = [urljoin(base + address, each["url"]) for each in page["urls"]]
        assert url == f"{base}packages/acme-1%212.0-py3-none-any.whl"
        assert urljoin(base + address, page["info"]["project_url"]) == f"{base}projects/acme/"


def test_ten_thousand_files_are_all_listed() -> None:
    names = [f"acme-{n // 50}.{n % 50}-py3-none-any.whl" for n in range(10_000)]
    assert sum(map(len, render_page(make_record(*names))["releases"].values())) == 10_000


def test_every_release_is_there_with_its_files_and_the_latest_again() -> None:
    whole = render_page(make_hostile_record())
    names = {
        version: [file["filename"] for file in files]
        for version, files in whole["releases"].items()
    }
    assert names["0.9"] == ["acme-0.9-py3-none-any.whl", "acme-0.9.tar.gz"]
    assert {*names} == {"0.7.post1", "0.8", "0.9", "1.0rc1", "1.0", "1.0+cu1", "1!2.0"}
    assert whole["urls"] == whole["releases"]["1!2.0"]


def test_a_file_has_digest_size_time_and_type() -> None:
    assert render_page(make_hostile_record())["releases"]["0.9"][0] == {
        "filename": "acme-0.9-py3-none-any.whl",
        "url": "../../packages/acme-0.9-py3-none-any.whl",
        "digests": {"sha256": "a" * 64},
        "size": 1000,
        "packagetype": "bdist_wheel",
        "python_version": "py3",
        "requires_python": "<4, >=3.8",
        "upload_time": "2026-11-24T12:06:01",
        "upload_time_iso_8601": "2026-11-24T12:06:01.000000Z",
        "has_sig": False,
        "comment_text": "",
        "downloads": -1,
        "yanked": True,
        "yanked_reason": NAUGHTY,
    }


def test_an_sdist_is_called_one() -> None:
    file = render_page(make_hostile_record())["releases"]["0.8"][0]
    assert (file["packagetype"], file["python_version"]) == ("sdist", "source")
    assert (file["yanked"], file["yanked_reason"]) == (True, None)


def test_the_python_tag_of_a_wheel_with_a_build_number_is_found() -> None:
    assert render_page(make_hostile_record())["releases"]["1.0"][0]["python_version"] == "py2.py3"


def test_spellings_of_one_version_that_alternate_keep_all_their_files() -> None:
    names = ("acme-1.0-py3-none-any.whl", "acme-1.0.0-py3-none-any.whl", "acme-1.0.tar.gz")
    releases = render_page(make_record(*names))["releases"]
    assert {version: len(files) for version, files in releases.items()} == {"1.0": 2, "1.0.0": 1}


def test_a_project_that_offers_nothing_still_answers() -> None:
    whole = render_page(make_record(*HOSTILE, status=make_status("quarantined")))
    assert (whole["releases"], whole["urls"]) == ({}, [])
    assert whole["info"]["version"] is None


def test_a_quarantined_release_is_neither_listed_nor_the_latest() -> None:
    record = make_record(
        "acme-1.tar.gz", "acme-2.tar.gz", release_status={"2": make_status("quarantined")}
    )
    page = render_page(record)
    assert (page["info"]["version"], list(page["releases"])) == ("1", ["1"])
    assert [file["filename"] for file in page["urls"]] == ["acme-1.tar.gz"]


def test_the_page_of_a_project_with_only_yanked_files_is_yanked() -> None:
    yanked = Registers.model_validate({"versions": {"1": make_yank("broken")}})
    info = render_page(make_record("acme-1.tar.gz", yanked=yanked))["info"]
    assert (info["yanked"], info["yanked_reason"]) == (True, "broken")


def test_requirements_of_an_sdist_are_unknown() -> None:
    assert render_page(make_record("acme-1.tar.gz"))["info"]["requires_dist"] is None
    wheel = make_file_record("acme-1-py3-none-any.whl")
    assert render_page(make_record(files={wheel.filename: wheel}))["info"]["requires_dist"] == []


MENDED_SDIST = make_file_record(
    "acme-1.0.tar.gz",
    requires_python=">=3.12",
    requires_dist=("requests",),
    summary="An example",
    pkg_info_sha256="c" * 64,
)


def test_an_sdist_has_the_facts_of_its_pkg_info() -> None:
    page = render_page(make_record_of(MENDED_SDIST))
    info = page["info"]
    assert (info["requires_python"], info["requires_dist"], info["summary"]) == (
        ">=3.12",
        ["requests"],
        "An example",
    )
    assert page["urls"][0]["requires_python"] == ">=3.12"


def test_the_requirements_of_an_sdist_without_any_are_unknown() -> None:
    """A build can add some (PEP 643)."""
    alone = MENDED_SDIST.model_copy(update={"requires_dist": ()})
    assert render_page(make_record_of(alone))["info"]["requires_dist"] is None
