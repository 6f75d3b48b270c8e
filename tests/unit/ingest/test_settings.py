"""Settings of ingest, converted to the policy of the checks."""

import pytest

from ingest.settings import Settings


@pytest.mark.parametrize(("value", "expected"), [(None, None), ("{}", {})])
def test_an_empty_setting_differs_from_an_unset_setting(
    value: str | None, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GCP_PROJECT", "INCOMING_BUCKET", "PACKAGES_BUCKET", "VERDICTS_BUCKET"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("METADATA_BUCKET", "x")
    monkeypatch.delenv("UPLOADERS", raising=False)
    if value is not None:
        monkeypatch.setenv("UPLOADERS", value)
    assert Settings().build_policy().uploaders == expected
