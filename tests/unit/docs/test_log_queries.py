"""Queries of ``gcloud logging read`` on the pages, against the lines of the services."""

import inspect
import re

import pytest

from chassis import push_endpoint, request_log
from documented import doc_pages
from offline_checks import commands
from proxy.http import access_log
from testing.log_filter import parse_filter

PAGES = ("docs/operate.md", "docs/security.md")
WRITTEN = {
    name
    for module in (push_endpoint, request_log, access_log)
    for name in re.findall(r'^ +"(\w+)": ', inspect.getsource(module), re.MULTILINE)
}
"""Fields of the lines of pushes and of the access log."""

ENTRY = {
    "logName": "projects/p/logs/run.googleapis.com%2Fstdout",
    "resource": {"type": "cloud_run_revision", "labels": {"service_name": "gcpypi-proxy"}},
    "jsonPayload": {"subscription": "ingest-file-uploaded", "outcome": "failed", "status": 503},
}


def list_queries() -> list[list[str]]:
    return [
        arguments
        for name in PAGES
        for _, arguments in commands.find_in_page("gcloud", name, doc_pages.read_page(name))
        if arguments[:2] == ["logging", "read"]
    ]


def test_both_pages_have_queries() -> None:
    assert len(list_queries()) > 10


@pytest.mark.parametrize("arguments", list_queries(), ids=lambda each: " ".join(each[2].split()))
def test_a_query_has_known_syntax_and_fields(arguments: list[str]) -> None:
    filter_text, *options = arguments[2:]
    parse_filter(filter_text.replace("x1", "trace=x1"))  # x1 is a variable with a filter
    asked = set(re.findall(r"jsonPayload\.(\w+)", " ".join([filter_text, *options])))
    assert asked <= WRITTEN


def test_the_list_of_downloads_names_each_kind_of_holder() -> None:
    [query] = [each for each in list_queries() if "jsonPayload.bytes" in each[-1]]
    assert {"token", "identity"} <= set(re.findall(r"jsonPayload\.(\w+)", query[-1]))


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ('jsonPayload.outcome=("failed" OR "too-early")', True),
        ('"gcpypi-proxy" jsonPayload.status>=500', True),
        ('jsonPayload.subscription="ingest-file-uploaded"', True),
        ('jsonPayload.outcome="refused"', False),
        ("httpRequest.status=429", False),
    ],
)
def test_the_queries_of_the_alerts_select_their_lines(part: str, expected: bool) -> None:
    found = [arguments[2] for arguments in list_queries() if part in arguments[2]]
    assert found
    assert {parse_filter(text)(ENTRY) for text in found} == {expected}
