import logging

import pytest

from chassis.settings import ServiceSettings, load_settings, log_settings


class Example(ServiceSettings):
    """Settings of an example."""

    packages_bucket: str
    """A required one."""


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJECT", "acme-prod")
    monkeypatch.setenv("PACKAGES_BUCKET", "acme-packages")
    monkeypatch.setenv("PORT", "8081")
    assert load_settings(Example) == Example(
        project="acme-prod", packages_bucket="acme-packages", port=8081
    )


def test_a_missing_setting_is_named_and_the_process_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROJECT", "acme-prod")
    monkeypatch.delenv("PACKAGES_BUCKET", raising=False)
    with pytest.raises(SystemExit) as caught:
        load_settings(Example)
    assert caught.value.code == 1
    assert "setting PACKAGES_BUCKET: Field required" in capsys.readouterr().err


def test_a_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROJECT", "acme-prod")
    monkeypatch.setenv("PACKAGES_BUCKET", "acme-packages")
    monkeypatch.setenv("PORT", "eighty")
    with pytest.raises(SystemExit):
        load_settings(Example)
    told = capsys.readouterr().err
    assert "setting PORT: Input should be a valid integer" in told
    assert "eighty" not in told


def test_settings_are_logged_at_start(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        log_settings(Example(project="acme-prod", packages_bucket="acme-packages"))
    assert "acme-packages" in caplog.text
