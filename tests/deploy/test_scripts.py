"""What install and uninstall do when part of it is there, or something fails: on stand-ins."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PLACE = ("--project", "acme-packages", "--region", "europe-west1")
PROGRAMS = ("gcloud", "terraform", "python3", "sleep")
STAND_IN = """#!/bin/bash
# Writes down what it is called with; says nothing, but for what the test wants said.
shopt -s extglob
called="$(basename "$0") $*"
echo "$called" >> "$CALLS"
case $called in $FAILS) echo "no: $called" >&2; exit 1 ;; esac
case $called in $SAYS) echo -e "${SAID:-something}" ;; esac
[[ $called == "python3 -m venv "* ]] || exit 0
mkdir -p "$3/bin" && ln -sf "$(realpath "$0")" "$3/bin/python"
"""
BUCKET = "gcloud storage buckets list *"
IMAGE = "gcloud artifacts docker tags list *"
STATE = "terraform * state pull"
TOKENS = "gcloud secrets versions list *"

Script = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Where the stand-ins write down how they were called."""
    return tmp_path / "calls"


@pytest.fixture
def script(tree: Path, calls: Path) -> Script:
    """Runs one of the scripts; ``fails`` and ``says`` are globs of calls, ``said`` what is said."""
    folder = tree / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        (folder / name).write_text(STAND_IN, "utf-8")
        (folder / name).chmod(0o755)

    def run(
        name: str, *arguments: str, fails: str = "", says: str = "", said: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        calls.write_text("", "utf-8")
        path = f"{folder}:{os.environ['PATH']}"
        told = {"CALLS": str(calls), "FAILS": fails, "SAYS": says, "SAID": said}
        environment = {**os.environ, "PATH": path, **told}
        command = [str(tree / "deploy" / name), *PLACE, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


def made(calls: Path) -> list[str]:
    """What of it makes something, that must not be made twice."""
    makers = ("storage buckets create", "builds submit", "proxy.tokens create")
    text = calls.read_text("utf-8")
    return [maker for maker in makers if maker in text]


def test_the_first_time_everything_is_made(script: Script, calls: Path) -> None:
    done = script("install", "--tag", "1")
    assert done.returncode == 0, done.stderr
    assert made(calls) == ["storage buckets create", "builds submit", "proxy.tokens create"]


def test_the_second_time_only_terraform_looks_for_changes(script: Script, calls: Path) -> None:
    done = script("install", "--tag", "1", says=f"@({BUCKET}|{IMAGE}|{TOKENS})")
    assert done.returncode == 0, done.stderr
    assert made(calls) == []
    assert calls.read_text("utf-8").count(" apply ") == 2
    assert "-m proxy.tokens create NAME" in done.stdout


@pytest.mark.parametrize(
    "broken", ["terraform * apply * -target=*", "gcloud builds submit *", "python -m pip *"]
)
def test_what_failed_half_way_is_gone_on_with(script: Script, calls: Path, broken: str) -> None:
    assert script("install", "--tag", "1", fails=broken).returncode != 0
    done = script("install", "--tag", "1", says=BUCKET)
    assert done.returncode == 0, done.stderr
    assert made(calls) == ["builds submit", "proxy.tokens create"]


def test_a_builder_whose_rights_are_not_yet_noticed_is_waited_for(
    script: Script, calls: Path
) -> None:
    done = script("install", "--tag", "1", fails="gcloud builds submit *")
    text = calls.read_text("utf-8")
    assert done.returncode == 1
    assert (text.count("gcloud builds submit"), text.count("sleep 60")) == (6, 5)


def test_what_was_built_anew_is_what_later_installations_run(script: Script, calls: Path) -> None:
    tags = "1-r20261124000000\\n1\\n1-r20261123000000"
    done = script("install", "--tag", "1", says=IMAGE, said=tags)
    assert "built before: 1-r20261124000000\n" in done.stdout
    assert calls.read_text("utf-8").count("-var=tag=1-r20261124000000") == 1
    assert made(calls) == ["storage buckets create", "proxy.tokens create"]


def test_images_are_built_anew_under_another_name(script: Script, calls: Path) -> None:
    done = script("install", "--tag", "1", "--rebuild", says=IMAGE)
    assert done.returncode == 0, done.stderr
    text = calls.read_text("utf-8")
    [tag] = re.findall(r"_TAG=(\S+)", text)
    assert re.fullmatch(r"1-r\d{14}", tag)
    assert text.count(f"-var=tag={tag}") == 1


@pytest.mark.parametrize(
    "remembered",
    [
        '{"module": "module.publishers"}',
        '{"module": "module.domain[0]"}',
        '{"name": "operators"}',
        '{"type": "google_monitoring_notification_channel"}',
    ],
)
def test_who_has_no_configuration_does_not_take_away_what_one_granted(
    script: Script, tree: Path, calls: Path, remembered: str
) -> None:
    done = script("install", "--tag", "1", "--yes", says=f"@({BUCKET}|{STATE})", said=remembered)
    assert (done.returncode, made(calls)) == (2, [])
    assert "terraform.tfvars is missing" in done.stderr
    assert " apply " not in calls.read_text("utf-8")

    (tree / "deploy/terraform/terraform.tfvars").touch()
    assert script("install", "--tag", "1", says=STATE, said=remembered).returncode == 0


def test_who_never_had_a_configuration_needs_none(script: Script) -> None:
    state = '{"module": "module.storage"}'
    assert script("install", "--tag", "1", says=STATE, said=state).returncode == 0


def test_only_what_is_in_the_images_gives_them_another_name(script: Script, tree: Path) -> None:
    def tag() -> str:
        found = re.search(r"-var=tag=(\S+)", script("install", "--dry-run").stdout)
        assert found
        return found[1]

    def commit() -> str:
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message=x"], check=True)
        return tag()

    git = ["git", "-C", str(tree), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    code, settings = tree / "services/main.py", tree / "deploy/terraform/terraform.tfvars"
    code.parent.mkdir()
    code.write_text("1", "utf-8")
    first = commit()
    settings.write_text("", "utf-8")
    assert commit() == first
    code.write_text("2", "utf-8")
    uncommitted = tag()
    assert re.fullmatch(f"{first}-[0-9a-f]{{8}}", uncommitted)
    assert len({first, uncommitted, commit()}) == 3


@pytest.mark.parametrize("name", ["install", "uninstall"])
@pytest.mark.parametrize(
    ("fails", "remedy"),
    [
        ("gcloud auth print-access-token", "gcloud auth login"),
        (
            "gcloud auth application-default print-access-token",
            "gcloud auth application-default login",
        ),
    ],
)
def test_who_is_not_signed_in_is_told_before_anything_is_done(
    script: Script, calls: Path, name: str, fails: str, remedy: str
) -> None:
    done = script(name, *(["--tag", "1"] if name == "install" else []), fails=fails)
    assert (done.returncode, made(calls)) == (2, [])
    assert remedy in done.stderr
    assert "terraform -chdir" not in calls.read_text("utf-8")


def test_uninstall_takes_no_error_for_not_installed(script: Script, calls: Path) -> None:
    done = script("uninstall", fails=BUCKET)
    assert done.returncode == 1
    assert "not installed" not in done.stdout
    assert "no: gcloud storage buckets list" in done.stderr


def test_uninstall_of_nothing_does_nothing(script: Script, calls: Path) -> None:
    done = script("uninstall")
    assert done.returncode == 0
    assert "not installed in acme-packages" in done.stdout
    assert "terraform -chdir" not in calls.read_text("utf-8")


def test_uninstall_says_what_is_still_paid_for(script: Script) -> None:
    kept = script("uninstall", says=BUCKET).stdout
    deleted = script("uninstall", "--delete-data", says=BUCKET).stdout
    assert "the buckets, the secret of the tokens" in kept
    assert "for 30 days the deleted packages" in deleted
