"""Settings of ingest, converted to the policy of the checks and the rights of commands."""

import json

import pytest

from chassis.settings import load_settings
from checks.command_rights import CommandRights
from checks.refusal import Refused
from ingest.settings import Settings
from schemas.events import ProjectCommand
from schemas.holders.grants import UploaderGrant


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    buckets = ("INCOMING_BUCKET", "PACKAGES_BUCKET", "VERDICTS_BUCKET", "METADATA_BUCKET")
    for name in ("GCP_PROJECT", *buckets):
        monkeypatch.setenv(name, "x")
    monkeypatch.delenv("UPLOADERS", raising=False)


@pytest.mark.parametrize(("value", "expected"), [(None, None), ("{}", {})])
def test_an_empty_setting_differs_from_an_unset_setting(
    value: str | None, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is not None:
        monkeypatch.setenv("UPLOADERS", value)
    assert Settings().build_policy().uploaders == expected


def test_both_forms_of_a_grant_can_be_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    grants = {
        "short": ["acme-*", "tools"],
        "long": {"projects": ["beta"], "commands": ["yank", "set-status"]},
        "files-only": {"projects": ["gamma"], "commands": []},
        "Default": {"projects": ["delta"]},
        "disabled": [],
    }
    monkeypatch.setenv("UPLOADERS", json.dumps(grants))
    settings = Settings()
    assert settings.uploaders == {
        "short": UploaderGrant(projects=("acme-*", "tools"), commands=("yank", "unyank")),
        "long": UploaderGrant(projects=("beta",), commands=("yank", "set-status")),
        "files-only": UploaderGrant(projects=("gamma",), commands=()),
        "Default": UploaderGrant(projects=("delta",), commands=("yank", "unyank")),
        "disabled": UploaderGrant(projects=()),
    }
    assert settings.build_policy().uploaders == {
        "short": ("acme-*", "tools"),
        "long": ("beta",),
        "files-only": ("gamma",),
        "Default": ("delta",),
        "disabled": (),
    }


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("{'acme': ['acme-*']}", "UPLOADERS: "),
        (
            '{"acme": {"projects": ["*"], "commands": ["delete"]}}',
            "acme.commands.0: Input should be",
        ),
        (
            '{"acme": {"projects": ["*"], "command": ["yank"]}}',
            "acme.command: Extra inputs are not",
        ),
        ('{"acme": {"commands": ["yank"]}}', "acme.projects: Field required"),
        ('{"acme": "acme-*"}', "UPLOADERS: acme: Input should be"),
        ('{"operators": ["*"]}', "'operators' is a reserved prefix, not an uploader"),
        ('{"import": ["*"]}', "'import' is a reserved prefix, not an uploader"),
        ('{"upload": ["*"]}', "'upload' is a reserved prefix, not an uploader"),
    ],
)
def test_a_wrong_grant_is_one_line_and_the_process_exits_with_1(
    value: str, problem: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UPLOADERS", value)
    with pytest.raises(SystemExit) as caught:
        load_settings(Settings)
    assert caught.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ingest.settings: setting UPLOADERS: ")
    assert problem in line


@pytest.mark.parametrize("glob", ["acme-*", "Acme_*", "acme.tools"])
def test_globs_of_commands_are_compared_after_normalisation(glob: str) -> None:
    rights = CommandRights({"acme": UploaderGrant(projects=(glob,))})
    command = {"action": "yank", "version": "1"}
    rights.require("acme", ProjectCommand.model_validate({**command, "project": "Acme.Tools"}))
    with pytest.raises(Refused):
        rights.require("acme", ProjectCommand.model_validate({**command, "project": "beta"}))
