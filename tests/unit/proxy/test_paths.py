import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.paths import (
    Changelog,
    CoreMetadata,
    File,
    Home,
    LegacyJson,
    Project,
    Redirect,
    Root,
    Target,
    parse,
)
from schemas.names import Filename, ProjectName

FOO = ProjectName("foo-bar")
WHEEL = Filename("foo_bar-1.0-py3-none-any.whl")
LOCAL = Filename("foo_bar-1!2.0+cu1-py3-none-any.whl")

NAMED: list[tuple[bytes, Target]] = [
    (b"/", Home()),
    (b"/simple/", Root()),
    (b"/simple/foo-bar/", Project(FOO)),
    (b"/%73imple/foo%2Dbar/", Project(FOO)),
    (b"/packages/foo_bar-1.0-py3-none-any.whl", File(FOO, WHEEL)),
    (b"/packages/foo_bar-1.0.tar.gz", File(FOO, Filename("foo_bar-1.0.tar.gz"))),
    (b"/packages/foo_bar-1!2.0+cu1-py3-none-any.whl", File(FOO, LOCAL)),
    (b"/packages/foo_bar-1%212.0%2Bcu1-py3-none-any.whl", File(FOO, LOCAL)),
    (b"/packages/foo_bar-1.0-py3-none-any.whl.metadata", CoreMetadata(FOO, WHEEL)),
    (b"/pypi/foo-bar/json", LegacyJson(FOO)),
    (b"/changelog/page1.html", Changelog(1)),
    (b"/changelog/page120.html", Changelog(120)),
]
MOVED = [
    (b"/simple", "/simple/"),
    (b"/simple/foo-bar", "/simple/foo-bar/"),
    (b"/simple/Foo_Bar", "/simple/foo-bar/"),
    (b"/simple/Foo_Bar/", "/simple/foo-bar/"),
    (b"/simple/foo..bar/", "/simple/foo-bar/"),
    (b"/pypi/Foo.Bar/json", "/pypi/foo-bar/json"),
]
HOSTILE = [
    b"",
    b"*",
    b"simple/",
    b"//",
    b"//simple/",
    b"/simple//",
    b"/simple/foo//",
    b"/simple/foo/bar/",
    b"/simple/../blocked.json",
    b"/simple/%2e%2e/",
    b"/simple/..",
    b"/simple/./",
    b"/simple/foo%2fbar/",
    b"/simple/foo%2Fbar/",
    b"/simple/%252e%252e/",
    b"/simple/foo%252dbar/",
    b"/simple/foo%00/",
    b"/simple/foo%0a/",
    b"/simple/foo\n/",
    b"/simple/foo\x7f/",
    b"/simple/-foo/",
    b"/simple/foo-/",
    b"/simple/foo bar/",
    b"/simple/foo%20/",
    b"/simple/foo%5cbar/",
    b"/simple/f%c3%b6%c3%b6/",
    b"/simple/f\xc3\xb6\xc3\xb6/",
    "/simple/K/".replace("K", "%e2%84%aa").encode(),
    b"/simple/%zz/",
    b"/simple/%/",
    b"/simple/foo/index.html",
    b"/SIMPLE/",
    b"/blocked.json",
    b"/packages/",
    b"/packages",
    b"/packages/..",
    b"/packages/%2e%2e%2fblocked.json",
    b"/packages/foo_bar-1.0-py3-none-any.whl/",
    b"/packages/foo_bar-1.0-py3-none-any.whl.metadata.metadata",
    b"/packages/foo_bar-1.0-py3-none-any.whl%00",
    b"/packages/foo_bar-1.0-py3-none-any.whl%0a",
    b"/packages/foo_bar-1.0-py3-none-any.whl%252e",
    b"/packages/foo%2fbar-1.0-py3-none-any.whl",
    b"/packages/.metadata",
    b"/packages/secret.json",
    b"/packages/foo_bar-1.0-py3-none-any.whl.asc",
    b"/packages/" + b"a" * 300 + b"-1.0-py3-none-any.whl",
    b"/pypi/foo-bar/json/",
    b"/pypi/foo-bar/1.0/json",
    b"/pypi//json",
    b"/changelog/page0.html",
    b"/changelog/page01.html",
    b"/changelog/page1.html%0a",
    b"/changelog/page99999999.html",
    b"/changelog/page%d9%a1.html",
    b"/changelog/",
    b"/health/",
]


@pytest.mark.parametrize(("path", "target"), NAMED)
def test_1_10_a_path_names_what_it_says_decoded_once(path: bytes, target: Target) -> None:
    assert parse(path) == target


@pytest.mark.parametrize(("path", "location"), MOVED)
def test_2_3_another_spelling_is_redirected_in_one_hop(path: bytes, location: str) -> None:
    assert parse(path) == Redirect(location)


@pytest.mark.parametrize("path", HOSTILE)
def test_5_what_is_outside_the_grammar_names_nothing(path: bytes) -> None:
    assert parse(path) is None


@given(st.binary(max_size=60) | st.from_regex(rb"/(simple|packages|pypi)/.{0,40}", fullmatch=True))
def test_5_no_path_forms_a_key_with_a_slash_or_a_dot_segment_in_a_name(path: bytes) -> None:
    match parse(path):
        case Project(project) | LegacyJson(project):
            assert set(project) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        case File(_, filename) | CoreMetadata(_, filename):
            assert "/" not in filename
            assert not filename.startswith(".")
