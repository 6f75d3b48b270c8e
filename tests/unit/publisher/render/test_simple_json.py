"""Conformance of the JSON pages to INDEX_API section D."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from publisher.render.listing import Listing
from publisher.render.simple_json import render_project, render_root
from schemas.headers import SIMPLE_JSON
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from unit.publisher.publisher_fixtures import (
    HOSTILE,
    NAUGHTY,
    make_hostile_record,
    make_record,
    make_status,
)

DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
HASHES = {
    "type": "object",
    "properties": {"sha256": DIGEST},
    "required": ["sha256"],
    "additionalProperties": False,
}
META = {
    "type": "object",
    "properties": {"api-version": {"const": "1.4"}},
    "required": ["api-version"],
    "additionalProperties": False,
}
FILE = {
    "type": "object",
    "properties": {
        "filename": {"type": "string", "pattern": r"\.(whl|tar\.gz)$"},
        "url": {"type": "string", "pattern": r"^\.\./\.\./packages/[A-Za-z0-9._%-]+$"},
        "hashes": HASHES,
        "size": {"type": "integer", "minimum": 0},
        "upload-time": {
            "type": "string",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$",
        },
        "yanked": {"anyOf": [{"type": "boolean"}, {"type": "string", "minLength": 1}]},
        "requires-python": {"type": "string", "minLength": 1},
        "core-metadata": HASHES,
    },
    "required": ["filename", "url", "hashes", "size", "upload-time", "yanked"],
    "additionalProperties": False,
}
PROJECT = {
    "type": "object",
    "properties": {
        "meta": META,
        "name": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
        "versions": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "files": {"type": "array", "items": FILE},
        "project-status": {
            "type": "object",
            "properties": {
                "status": {"enum": ["active", "archived", "quarantined", "deprecated"]},
                "reason": {"type": "string", "minLength": 1},
            },
            "required": ["status"],
            "additionalProperties": False,
        },
    },
    "required": ["meta", "name", "versions", "files", "project-status"],
    "additionalProperties": False,
}
ROOT = {
    "type": "object",
    "properties": {
        "meta": META,
        "projects": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}},
                "required": ["name"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["meta", "projects"],
    "additionalProperties": False,
}


def render_page(of: ProjectRecord) -> Any:  # noqa: ANN401 - JSON
    return json.loads(render_project(Listing.from_record(of)))


def index_files(of: ProjectRecord) -> dict[str, dict[str, object]]:
    return {file["filename"]: file for file in render_page(of)["files"]}


@pytest.mark.conformance(29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39)
@pytest.mark.parametrize(
    "of",
    [
        make_hostile_record(),
        make_record(),
        make_record(*HOSTILE, status=make_status("quarantined", "malware")),
    ],
    ids=["hostile", "empty", "quarantined"],
)
def test_the_page_is_of_version_1_4_to_a_strict_schema(of: ProjectRecord) -> None:
    Draft202012Validator(PROJECT).validate(render_page(of))


@pytest.mark.conformance(12)
def test_the_type_has_no_parameters() -> None:
    assert SIMPLE_JSON == "application/vnd.pypi.simple.v1+json"


@pytest.mark.conformance(30)
def test_the_root_lists_projects_by_their_normalised_names() -> None:
    root = json.loads(render_root([ProjectName("acme"), ProjectName("other-pkg")]))
    Draft202012Validator(ROOT).validate(root)
    assert root["projects"] == [{"name": "acme"}, {"name": "other-pkg"}]


@pytest.mark.conformance(31)
def test_versions_cover_every_file_once_each() -> None:
    assert render_page(make_hostile_record())["versions"] == [
        *("0.7.post1", "0.8", "0.9", "1.0rc1", "1.0", "1.0+cu1", "1!2.0")
    ]


@pytest.mark.conformance(32)
def test_a_file_says_all_that_is_known_of_it() -> None:
    assert index_files(make_hostile_record())["acme-1.0rc1.tar.gz"] == {
        "filename": "acme-1.0rc1.tar.gz",
        "url": "../../packages/acme-1.0rc1.tar.gz",
        "hashes": {"sha256": "a" * 64},
        "size": 1000,
        "upload-time": "2026-11-24T12:04:30.750000Z",
        "requires-python": "<4, >=3.8",
        "yanked": False,
    }


@pytest.mark.conformance(10)
def test_addresses_are_percent_encoded() -> None:
    assert index_files(make_hostile_record())["acme-1!2.0-py3-none-any.whl"]["url"] == (
        "../../packages/acme-1%212.0-py3-none-any.whl"
    )


@pytest.mark.conformance(33)
def test_requires_python_is_raw_and_left_out_where_unknown() -> None:
    assert index_files(make_hostile_record())["acme-0.8.tar.gz"]["requires-python"] == "<4, >=3.8"
    assert "requires-python" not in index_files(make_record("acme-0.8.tar.gz"))["acme-0.8.tar.gz"]


@pytest.mark.conformance(34)
def test_core_metadata_is_a_digest_and_for_wheels_only() -> None:
    known = index_files(make_hostile_record())
    assert known["acme-0.9-py3-none-any.whl"]["core-metadata"] == {"sha256": "b" * 64}
    assert "core-metadata" not in known["acme-0.9.tar.gz"]


@pytest.mark.conformance(35)
def test_dist_info_metadata_never_appears() -> None:
    assert b"dist-info-metadata" not in render_project(Listing.from_record(make_hostile_record()))


@pytest.mark.conformance(36)
def test_a_yank_is_its_reason_or_true_and_never_an_empty_string() -> None:
    known = index_files(make_hostile_record())
    assert known["acme-0.9.tar.gz"]["yanked"] == NAUGHTY
    assert known["acme-0.8.tar.gz"]["yanked"] is True
    assert known["acme-1!2.0-py3-none-any.whl"]["yanked"] is False


@pytest.mark.conformance(39)
def test_the_status_has_its_reason_if_there_is_one() -> None:
    assert render_page(make_hostile_record())["project-status"] == {
        "status": "deprecated",
        "reason": NAUGHTY,
    }
    assert render_page(make_record())["project-status"] == {"status": "active"}


@pytest.mark.conformance(28)
def test_the_status_of_a_release_is_not_that_of_the_project() -> None:
    """PEP 792 has no status of a release: its files are absent, and that is all."""
    statuses = {"1": make_status("quarantined", "malware")}
    record = make_record("acme-1.tar.gz", "acme-2.tar.gz", release_status=statuses)
    page = json.loads(render_project(Listing.from_record(record)))
    assert page["project-status"] == {"status": "active"}
    assert (page["versions"], [file["filename"] for file in page["files"]]) == (
        ["2"],
        ["acme-2.tar.gz"],
    )


def test_the_bytes_do_not_depend_on_the_order_in_which_files_came() -> None:
    shuffled = ProjectRecord.model_validate(
        {
            **dict(make_hostile_record()),
            "files": dict(reversed(list(make_hostile_record().files.items()))),
        }
    )
    assert render_project(Listing.from_record(shuffled)) == render_project(
        Listing.from_record(make_hostile_record())
    )


@pytest.mark.conformance(42)
def test_the_page_is_utf_8_with_its_keys_sorted() -> None:
    data = render_project(Listing.from_record(make_hostile_record()))
    assert "日本 🐍".encode() in data
    keys = [list(file) for file in json.loads(data)["files"]]
    assert keys == [sorted(key) for key in keys]
