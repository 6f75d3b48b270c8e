"""Ingest's settings, as the checks see them."""

import pytest

from ingest.settings import Settings


@pytest.mark.parametrize(("said", "meant"), [(None, None), ("{}", {})])
def test_an_empty_setting_is_not_one_that_is_unset(
    said: str | None, meant: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PROJECT", "INCOMING_BUCKET", "PACKAGES_BUCKET", "VERDICTS_BUCKET"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("METADATA_BUCKET", "x")
    monkeypatch.delenv("PUBLISHERS", raising=False)
    if said is not None:
        monkeypatch.setenv("PUBLISHERS", said)
    assert Settings().policy().publishers == meant
