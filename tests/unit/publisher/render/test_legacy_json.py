import json
from typing import Any

from publisher.render.legacy_json import render
from publisher.render.listing import Listing
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


def render_page(of: ProjectRecord) -> Any:  # noqa: ANN401 - JSON
    return json.loads(render(Listing.from_record(of)))


def test_the_latest_release_represents_the_project() -> None:
    assert render_page(make_hostile_record())["info"] == {
        "name": "acme",
        "project_url": "../../simple/acme/",
        "version": "1!2.0",
        "summary": "Says <hello> & goodbye",
        "requires_python": "<4, >=3.8",
        "requires_dist": ['other>=1; extra == "x"'],
        "yanked": False,
        "yanked_reason": None,
    }


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
