"""Settings ``INDEX_URL`` and ``TITLE`` of the publisher; the service web has the same."""

import pytest

from chassis.settings import ServiceSettings, load_settings
from publisher.settings import RepairSettings, Settings
from publisher.web.settings import Settings as WebSettings


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


def read_title(title: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("GCP_PROJECT", "METADATA_BUCKET", "STATIC_BUCKET", "PACKAGES_BUCKET"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("TITLE", title)
    assert Settings().title == WebSettings().title == RepairSettings().title
    return WebSettings().title


@pytest.mark.parametrize("title", ["Acme", "Pakete für München 🐍", "<b>&", "a" * 100])
def test_a_title_is_any_printable_text(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_title(f" {title}"[-100:], monkeypatch) == title


@pytest.mark.parametrize("title", ["", " ", "a" * 101, "two\nlines", "\x1b[31mred", "\u202eabc"])
@pytest.mark.parametrize("settings", [Settings, WebSettings, RepairSettings])
def test_another_title_is_refused_with_its_name(
    title: str,
    settings: type[ServiceSettings],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("GCP_PROJECT", "METADATA_BUCKET", "STATIC_BUCKET", "PACKAGES_BUCKET"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("TITLE", title)
    with pytest.raises(SystemExit):
        load_settings(settings)
    message = "setting TITLE: Value error, should be the title of the index: 1 to 100"
    assert message in capsys.readouterr().err
