import pytest
from pydantic import ValidationError

from checks.policy import Policy
from ingest.settings import Settings as IngestSettings
from testing.memory_upload import INDEX_URL, UPLOAD_URL
from upload.settings import Settings

REQUIRED = {
    "gcp_project": "acme-prod",
    "upload_url": UPLOAD_URL,
    "index_url": INDEX_URL,
    **{f"{name}_bucket": name for name in ("incoming", "packages", "verdicts")},
    "static_bucket": "static",
}


def test_the_limits_of_the_checks_are_those_of_ingest() -> None:
    mine, theirs = Settings.model_fields, IngestSettings.model_fields
    for name in set(Policy.__dataclass_fields__) - {"uploaders"}:
        assert (mine[name].annotation, mine[name].default, mine[name].description) == (
            theirs[name].annotation,
            theirs[name].default,
            theirs[name].description,
        )


def test_only_uploaders_with_the_right_use_the_service() -> None:
    grants = {
        "ci": {"projects": ["acme-*"], "upload": True},
        "robot": {"projects": ["*"]},
        "short": ["tools"],
    }
    settings = Settings.model_validate({**REQUIRED, "uploaders": grants})
    assert settings.build_policy().uploaders == {"ci": ("acme-*",)}
    assert Settings.model_validate(REQUIRED).build_policy().uploaders is None


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("upload_url", "https://upload.example/simple/"),
        ("upload_url", "upload.example/legacy/"),
        ("upload_url", "https://u:p@upload.example/legacy/"),
        ("index_url", "https://index.example/"),
        ("index_url", "ftp://index.example/simple/"),
        ("index_url", "https://index.example/simple/?a"),
    ],
)
def test_urls_that_clients_cannot_use_are_refused(name: str, url: str) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({**REQUIRED, name: url})


def test_a_final_slash_is_added() -> None:
    settings = Settings.model_validate({**REQUIRED, "upload_url": UPLOAD_URL.rstrip("/")})
    assert settings.upload_url == UPLOAD_URL
    assert settings.describe_addresses() == (
        f"Publish with POST to {UPLOAD_URL}; install from {INDEX_URL}."
    )
