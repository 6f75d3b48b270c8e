import logging
from collections.abc import Mapping
from typing import Annotated

import pytest
from pydantic import AliasChoices, Field

from chassis.settings import ServiceSettings, load_settings, log_settings, warn_old_names


class Example(ServiceSettings):
    """Settings of an example."""

    packages_bucket: str
    """A required setting."""
    uploaders: Annotated[
        str | None, Field(validation_alias=AliasChoices("uploaders", "publishers"))
    ] = None
    """An optional setting with an old name."""


NAMES = ("GCP_PROJECT", "PROJECT", "UPLOADERS", "PUBLISHERS", "PACKAGES_BUCKET", "PORT")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GCP_PROJECT", "acme-prod")
    monkeypatch.setenv("PACKAGES_BUCKET", "acme-packages")


def read_warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8081")
    assert load_settings(Example) == Example(
        gcp_project="acme-prod", packages_bucket="acme-packages", port=8081
    )


def test_a_missing_setting_is_named_and_the_process_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GCP_PROJECT")
    monkeypatch.delenv("PACKAGES_BUCKET")
    with pytest.raises(SystemExit) as caught:
        load_settings(Example)
    assert caught.value.code == 1
    errors = capsys.readouterr().err
    assert "setting PACKAGES_BUCKET: Field required" in errors
    assert "setting GCP_PROJECT: Field required" in errors


def test_a_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "eighty")
    with pytest.raises(SystemExit):
        load_settings(Example)
    errors = capsys.readouterr().err
    assert "setting PORT: Input should be a valid integer" in errors
    assert "eighty" not in errors


def test_settings_are_logged_at_start(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        log_settings(Example(gcp_project="acme-prod", packages_bucket="acme-packages"))
    assert "acme-packages" in caplog.text
    assert read_warnings(caplog) == []


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("PROJECT", "GCP_PROJECT", "gcp_project"), ("PUBLISHERS", "UPLOADERS", "uploaders")],
)
def test_an_old_name_is_accepted_with_one_warning_that_names_both(
    old: str,
    new: str,
    field: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delenv(new, raising=False)
    monkeypatch.setenv(old, "acme-old")
    settings = load_settings(Example)
    log_settings(settings)
    assert getattr(settings, field) == "acme-old"
    assert read_warnings(caplog) == [
        f"{old} is the old name of the setting {new}: set {new} and remove {old}"
    ]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("PROJECT", "GCP_PROJECT", "gcp_project"), ("PUBLISHERS", "UPLOADERS", "uploaders")],
)
def test_the_new_name_wins_over_the_old_name_with_one_warning(
    old: str,
    new: str,
    field: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(old, "acme-old")
    monkeypatch.setenv(new, "acme-new")
    settings = load_settings(Example)
    warn_old_names(settings)
    assert getattr(settings, field) == "acme-new"
    assert len(read_warnings(caplog)) == 1


def test_a_wrong_value_of_an_old_name_is_reported_with_both_names(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Limited(ServiceSettings):
        """Settings with a number that has an old name."""

        limit: Annotated[int, Field(validation_alias=AliasChoices("limit", "maximum"))]
        """A number."""

    monkeypatch.setenv("MAXIMUM", "many")
    with pytest.raises(SystemExit):
        load_settings(Limited)
    assert "setting LIMIT: Input should be a valid integer" in capsys.readouterr().err
    assert "MAXIMUM is the old name of the setting LIMIT" in caplog.text


class Structured(ServiceSettings):
    """Settings with JSON."""

    grants: Mapping[str, tuple[int, ...]] = {}
    """A JSON object."""


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            "{'acme': [1]}",
            "the value is not JSON: Expecting property name enclosed in double quotes",
        ),
        ("secret", "the value is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ('{"acme": [1, "one"]}', "acme.1: Input should be a valid integer"),
        ("[1]", "Input should be a valid dictionary"),
    ],
)
def test_a_fault_in_json_is_one_line_with_the_setting_and_the_place(
    value: str,
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GRANTS", value)
    with pytest.raises(SystemExit) as caught:
        load_settings(Structured)
    assert caught.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f": setting GRANTS: {problem}" in line
    assert value not in line
