"""Setting ``INDEX_URL`` of the publisher."""

import pytest

from publisher.settings import Settings


def read_index_url(url: str, monkeypatch: pytest.MonkeyPatch) -> str | None:
    required = {"GCP_PROJECT": "p", "METADATA_BUCKET": "m", "STATIC_BUCKET": "s"}
    for name, value in {**required, "INDEX_URL": url}.items():
        monkeypatch.setenv(name, value)
    return Settings().index_url


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("", None),
        ("https://packages.example/simple/", "https://packages.example/simple/"),
        ("https://packages.example/simple", "https://packages.example/simple/"),
        ("http://127.0.0.1:8080/a/b/simple/", "http://127.0.0.1:8080/a/b/simple/"),
    ],
)
def test_the_index_url_ends_in_simple_and_a_slash(
    given: str, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_index_url(given, monkeypatch) == url


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("packages.example/simple/", "for example https://host/simple/"),
        ("https://packages.example/", "for example https://host/simple/"),
        ("https://packages.example/notsimple/", "for example https://host/simple/"),
        ("https:///simple/", "for example https://host/simple/"),
        ("ftp://packages.example/simple/", "for example https://host/simple/"),
        ("https://packages.example/sim ple/simple/", "for example https://host/simple/"),
        ("https://ada:secret@packages.example/simple/", "no credentials, query or fragment"),
        ("https://packages.example/simple/?a=b", "no credentials, query or fragment"),
        ("https://packages.example/simple/#a", "no credentials, query or fragment"),
    ],
)
def test_another_index_url_is_refused(
    given: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=message):
        read_index_url(given, monkeypatch)
