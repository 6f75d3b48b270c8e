"""Settings of every service: required settings are enough for the start."""

from datetime import timedelta

import pytest
from pydantic_core import PydanticUndefined

from chassis.settings import ServiceSettings, load_settings
from indexer.settings import Settings as IndexerSettings
from ingest.settings import Settings as IngestSettings
from proxy.settings import Settings as ProxySettings
from publisher.settings import Settings as PublisherSettings

KINDS = (IngestSettings, IndexerSettings, PublisherSettings, ProxySettings)


def format_kind(kind: type[ServiceSettings]) -> str:
    return kind.__module__


def list_required(kind: type[ServiceSettings]) -> list[str]:
    return [name for name, field in kind.model_fields.items() if field.is_required()]


@pytest.mark.parametrize("kind", KINDS, ids=format_kind)
def test_the_required_settings_are_enough(
    kind: type[ServiceSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list_required(kind):
        monkeypatch.setenv(name.upper(), f"some-{name}")
    settings = load_settings(kind)
    assert {getattr(settings, name) for name in list_required(kind)} == {
        f"some-{name}" for name in list_required(kind)
    }


@pytest.mark.parametrize("kind", KINDS, ids=format_kind)
def test_each_missing_setting_is_named(
    kind: type[ServiceSettings],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in list_required(kind):
        monkeypatch.delenv(name.upper(), raising=False)
    with pytest.raises(SystemExit) as caught:
        load_settings(kind)
    assert caught.value.code == 1
    errors = capsys.readouterr().err
    assert all(f"setting {name.upper()}: Field required" in errors for name in list_required(kind))


@pytest.mark.parametrize("kind", KINDS, ids=format_kind)
def test_every_setting_is_described(kind: type[ServiceSettings]) -> None:
    for name, field in kind.model_fields.items():
        assert field.description, name
        assert (
            field.is_required()
            or field.get_default() is not PydanticUndefined
            or (field.default_factory is not None)
        )


@pytest.mark.parametrize("written", ["600", "PT10M", "0:10:00"])
def test_a_duration_is_read_in_seconds_and_in_iso_8601(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list_required(IndexerSettings):
        monkeypatch.setenv(name.upper(), "x")
    monkeypatch.setenv("COMMAND_GRACE", written)
    assert load_settings(IndexerSettings).command_grace == timedelta(minutes=10)
