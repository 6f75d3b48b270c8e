"""Retries and failures of install and uninstall, with stand-ins for gcloud and Terraform."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from protection import PROTECTED

from .conftest import ROOT

PLACE = ("--project", "acme-packages", "--region", "europe-west1")
PROGRAMS = ("gcloud", "terraform", "python3", "sleep", "curl")
STAND_IN = """#!/bin/bash
# Records its arguments; prints only the output that the test configures.
shopt -s extglob
called="$(basename "$0") $*"
echo "$called" >> "$CALLS"
case $called in *"/deploy/protection.py "*) exec "$PYTHON" "$@" ;; esac
case $called in $FAILS) echo "no: $called" >&2; exit 1 ;; esac
case $called in "gcloud storage buckets describe "*) echo "$LOCATION" ;; esac
case $called in "curl "*) echo "$STATUS" ;; esac
case $called in $ANSWERS) echo -e "${OUTPUT:-something}" ;; esac
[[ $called == "python3 -m venv "* ]] || exit 0
mkdir -p "$3/bin" && ln -sf "$(realpath "$0")" "$3/bin/python"
"""
BUCKET = "gcloud storage buckets list *-gcpypi-terraform --format*"
IMAGE = "gcloud artifacts docker tags list *"
STATE = "terraform * state pull"
TOKENS = "gcloud secrets versions list *"
RENDERING = "terraform * output -raw rendering"
PUBLISHED = "gcloud storage buckets list *labels.pages=*"
PLAN = "terraform * show -json *"
EXECUTE = "gcloud run jobs execute gcpypi-rebuild *"

Script = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """File in which the stand-ins record their calls."""
    return tmp_path / "calls"


@pytest.fixture
def script(tree: Path, calls: Path) -> Script:
    """Runner of a script; ``fails`` and ``answers`` are globs of calls; ``output`` is printed."""
    folder = tree / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        (folder / name).write_text(STAND_IN, "utf-8")
        (folder / name).chmod(0o755)

    def run(
        name: str,
        *arguments: str,
        fails: str = "",
        answers: str = "",
        output: str = "",
        location: str = "EUROPE-WEST1",
        status: str = "401",
    ) -> "subprocess.CompletedProcess[str]":
        calls.write_text("", "utf-8")
        path = f"{folder}:{os.environ['PATH']}"
        controls = {"CALLS": str(calls), "FAILS": fails, "ANSWERS": answers, "OUTPUT": output}
        more = {"LOCATION": location, "STATUS": status, "PYTHON": sys.executable}
        environment = {**os.environ, "PATH": path, **controls, **more}
        command = [str(tree / "deploy" / name), *PLACE, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


def list_creations(calls: Path) -> list[str]:
    """Return the calls that create a bucket, images or a token."""
    creations = ("storage buckets create", "builds submit", "gcpypi token create")
    text = calls.read_text("utf-8")
    return [each for each in creations if each in text]


def test_the_first_installation_creates_everything(script: Script, calls: Path) -> None:
    done = script("install", "--tag", "1")
    assert done.returncode == 0, done.stderr
    assert list_creations(calls) == [
        "storage buckets create",
        "builds submit",
        "gcpypi token create",
    ]


def test_the_second_installation_only_applies_changes_of_terraform(
    script: Script, calls: Path
) -> None:
    done = script("install", "--tag", "1", answers=f"@({BUCKET}|{IMAGE}|{TOKENS})")
    assert done.returncode == 0, done.stderr
    assert list_creations(calls) == []
    assert calls.read_text("utf-8").count(" apply ") == 2
    assert "-m gcpypi token create NAME" in done.stdout


def test_each_installation_publishes_the_command_after_the_first_token(
    script: Script, calls: Path, tree: Path
) -> None:
    """The random end of the run id makes it new: ingest decides once about an object."""
    for answers in ("", f"@({BUCKET}|{TOKENS})"):
        assert script("install", "--tag", "1", answers=answers).returncode == 0
        lines = calls.read_text("utf-8").splitlines()
        [build] = [number for number, line in enumerate(lines) if " -m pip wheel " in line]
        [upload] = [number for number, line in enumerate(lines) if "gcpypi publish " in line]
        assert build < upload
        assert [part.removeprefix(f"{tree}/") for part in lines[build].split()[-5:]] == [
            *("schemas", "checks", "cloud", "access", "cli"),
        ]
        assert lines[upload].endswith(
            "-m gcpypi publish --as import --run-id install-1 --timeout 300 "
            f"{tree}/.local/deploy/wheels"
        )


def test_refused_wheels_of_the_command_end_a_complete_installation_with_an_error(
    script: Script, calls: Path
) -> None:
    done = script("install", "--tag", "1", fails="python -m gcpypi publish *")

    assert done.returncode == 2
    assert "the index does not have all wheels of its command" in done.stderr
    outputs = calls.read_text("utf-8").partition("gcpypi publish ")[2]
    assert "terraform" in outputs
    assert "curl" in outputs


@pytest.mark.parametrize(
    "broken", ["terraform * apply * -target=*", "gcloud builds submit *", "python -m pip *"]
)
def test_install_continues_after_a_failure(script: Script, calls: Path, broken: str) -> None:
    assert script("install", "--tag", "1", fails=broken).returncode != 0
    done = script("install", "--tag", "1", answers=BUCKET)
    assert done.returncode == 0, done.stderr
    assert list_creations(calls) == ["builds submit", "gcpypi token create"]


def test_install_retries_a_build_that_fails_early(script: Script, calls: Path) -> None:
    done = script("install", "--tag", "1", fails="gcloud builds submit *")
    text = calls.read_text("utf-8")
    assert done.returncode == 1
    assert (text.count("gcloud builds submit"), text.count("sleep 60")) == (6, 5)


def test_later_installations_use_the_newest_rebuild(script: Script, calls: Path) -> None:
    tags = "1-r20261124000000\\n1\\n1-r20261123000000"
    done = script("install", "--tag", "1", answers=IMAGE, output=tags)
    assert "already built: 1-r20261124000000\n" in done.stdout
    assert calls.read_text("utf-8").count("-var=tag=1-r20261124000000") == 1
    assert list_creations(calls) == ["storage buckets create", "gcpypi token create"]


def test_a_rebuild_has_a_new_tag(script: Script, calls: Path) -> None:
    done = script("install", "--tag", "1", "--rebuild", answers=IMAGE)
    assert done.returncode == 0, done.stderr
    text = calls.read_text("utf-8")
    [tag] = re.findall(r"_TAG=(\S+)", text)
    assert re.fullmatch(r"1-r\d{14}", tag)
    assert text.count(f"-var=tag={tag}") == 1


def test_the_tag_of_a_checkout_can_be_rebuilt(script: Script, calls: Path, tree: Path) -> None:
    (tree / "services").mkdir()
    (tree / "services/main.py").touch()
    commit_all(tree)
    done = script("install", "--rebuild", answers=IMAGE)
    assert done.returncode == 0, done.stderr
    [tag] = re.findall(r"_TAG=(\S+)", calls.read_text("utf-8"))
    assert re.fullmatch(r"\d[0-9a-z.]*-[0-9a-f]{12}(-[0-9a-f]{8})?-r\d{14}", tag)


@pytest.mark.parametrize(
    "state",
    [
        '{"module": "module.uploaders"}',
        '{"module": "module.publishers"}',
        '{"module": "module.domain[0]"}',
        '{"name": "operators"}',
        '{"type": "google_monitoring_notification_channel"}',
    ],
)
def test_install_refuses_to_remove_grants_without_a_tfvars_file(
    script: Script, tree: Path, calls: Path, state: str
) -> None:
    done = script("install", "--tag", "1", "--yes", answers=f"@({BUCKET}|{STATE})", output=state)
    assert (done.returncode, list_creations(calls)) == (2, [])
    assert "terraform.tfvars is missing" in done.stderr
    assert " apply " not in calls.read_text("utf-8")

    (tree / "deploy/terraform/terraform.tfvars").touch()
    assert script("install", "--tag", "1", answers=STATE, output=state).returncode == 0


def test_an_installation_without_configuration_needs_no_tfvars_file(script: Script) -> None:
    state = '{"module": "module.storage"}'
    assert script("install", "--tag", "1", answers=STATE, output=state).returncode == 0


@pytest.mark.parametrize("name", ["install", "uninstall"])
def test_the_state_of_an_earlier_release_is_renamed_before_targets_are_used(
    script: Script, tree: Path, calls: Path, name: str
) -> None:
    """Terraform refuses ``-target`` options that exclude resources with a pending move."""
    (tree / "deploy/terraform/terraform.tfvars").touch()
    state = '{"module": "module.publishers"}'
    tag = ["--tag", "1"] if name == "install" else []
    assert script(name, *tag, answers=f"@({BUCKET}|{STATE})", output=state).returncode == 0
    text = calls.read_text("utf-8")
    assert text.count(" state mv module.publishers module.uploaders\n") == 1
    assert text.index(" state mv ") < text.index(" -target=")


def list_rebuilds(calls: Path) -> list[str]:
    """Return the calls that publish pages again or record it, shortened."""
    found = re.findall(r"jobs execute \S+|--update-labels=\S+", calls.read_text("utf-8"))
    return [each.replace("jobs execute ", "") for each in found]


def test_the_first_installation_records_the_version_of_its_pages_and_rebuilds_none(
    script: Script, calls: Path
) -> None:
    done = script("install", "--tag", "1", answers=RENDERING, output="d1")
    assert (done.returncode, list_rebuilds(calls)) == (0, ["--update-labels=pages=d1"])


def test_an_upgrade_publishes_all_pages_again_with_the_new_images(
    script: Script, calls: Path
) -> None:
    done = script("install", "--tag", "2", answers=f"@({BUCKET}|{RENDERING})", output="d2")
    assert (done.returncode, list_rebuilds(calls)) == (
        0,
        ["gcpypi-rebuild", "--update-labels=pages=d2"],
    )
    text = calls.read_text("utf-8")
    last_change = text.rindex(" apply ")
    assert last_change < text.index("jobs execute gcpypi-rebuild")
    assert "--project=acme-packages --region=europe-west1 --wait" in text


def test_an_installation_without_a_change_publishes_no_page_again(
    script: Script, calls: Path
) -> None:
    answers = f"@({BUCKET}|{RENDERING}|{PUBLISHED})"
    done = script("install", "--tag", "2", answers=answers, output="d2")
    assert (done.returncode, list_rebuilds(calls)) == (0, [])
    assert "labels.pages=d2 " in calls.read_text("utf-8")


@pytest.mark.parametrize("broken", [EXECUTE, "gcloud storage buckets update *pages*"])
def test_a_rebuild_that_failed_is_repeated(script: Script, calls: Path, broken: str) -> None:
    answers = f"@({BUCKET}|{RENDERING})"
    done = script("install", "--tag", "2", answers=answers, output="d2", fails=broken)
    assert done.returncode == 1
    assert "gcpypi token" not in calls.read_text("utf-8")
    script("install", "--tag", "2", answers=answers, output="d2")
    assert list_rebuilds(calls) == ["gcpypi-rebuild", "--update-labels=pages=d2"]


@pytest.mark.parametrize("broken", [RENDERING, PUBLISHED])
def test_install_stops_if_it_cannot_compare_the_version_of_the_pages(
    script: Script, calls: Path, broken: str
) -> None:
    done = script("install", "--tag", "2", answers=BUCKET, fails=broken)
    assert (done.returncode, list_rebuilds(calls)) == (1, [])


def commit_all(tree: Path) -> None:
    """Commit all files of ``tree``, which becomes a Git repository."""
    git = ["git", "-C", str(tree), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for command in (["init"], ["add", "."], ["commit", "--message=x"]):
        quiet = ["--quiet"] if command[0] != "add" else []
        subprocess.run([*git, *command, *quiet], check=True)


def test_only_changes_of_files_in_the_images_change_the_tag(script: Script, tree: Path) -> None:
    def read_tag() -> str:
        found = re.search(r"-var=tag=(\S+)", script("install", "--dry-run").stdout)
        assert found
        return found[1]

    def commit() -> str:
        commit_all(tree)
        return read_tag()

    code, settings = tree / "services/main.py", tree / "deploy/terraform/terraform.tfvars"
    code.parent.mkdir()
    code.write_text("1", "utf-8")
    first = commit()
    settings.write_text("", "utf-8")
    assert commit() == first
    code.write_text("2", "utf-8")
    uncommitted = read_tag()
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
def test_a_missing_sign_in_is_reported_first(
    script: Script, calls: Path, name: str, fails: str, remedy: str
) -> None:
    done = script(name, *(["--tag", "1"] if name == "install" else []), fails=fails)
    assert (done.returncode, list_creations(calls)) == (2, [])
    assert remedy in done.stderr
    assert "terraform -chdir" not in calls.read_text("utf-8")


def test_uninstall_reports_an_error_of_gcloud(script: Script, calls: Path) -> None:
    done = script("uninstall", fails=BUCKET)
    assert done.returncode == 1
    assert "not installed" not in done.stdout
    assert "no: gcloud storage buckets list" in done.stderr


def test_uninstall_without_an_installation_does_nothing(script: Script, calls: Path) -> None:
    done = script("uninstall")
    assert done.returncode == 0
    assert "not installed in acme-packages" in done.stdout
    assert "terraform -chdir" not in calls.read_text("utf-8")


def test_uninstall_lists_data_that_still_costs_money(script: Script) -> None:
    kept = script("uninstall", answers=BUCKET).stdout
    deleted = script("uninstall", "--delete-data", answers=BUCKET).stdout
    assert "the buckets, the secrets of the tokens and the state of Terraform" in kept
    assert "the audit configuration of Cloud Storage" in kept
    assert "deleted packages and records for 30 days" in deleted


@pytest.mark.parametrize("more", [[], ["--yes"]])
def test_an_older_tag_is_never_built_from_this_checkout(
    script: Script, calls: Path, more: list[str]
) -> None:
    tag = "0.2.0-8b0bcd23b91c"
    done = script("install", "--tag", tag, *more, answers=f"@({BUCKET}|{PLAN})", output="{}")
    assert (done.returncode, list_creations(calls)) == (2, [])
    assert f"no images with the tag {tag}" in done.stderr

    done = script("install", "--tag", tag, answers=f"@({BUCKET}|{IMAGE})", output=tag)
    assert done.returncode == 0, done.stderr
    assert f"-var=tag={tag}" in calls.read_text("utf-8")


def test_each_installation_asks_for_a_path_of_an_sdist(script: Script, calls: Path) -> None:
    """Also a second attempt at the first installation, which finds the bucket of the state."""
    done = script("install", "--tag", "1", answers="terraform * proxy_url", output="https://h.app")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("\nserved\n")
    [call] = [line for line in calls.read_text("utf-8").splitlines() if line.startswith("curl ")]
    assert call.endswith(" https://h.app/packages/gcpypi-1.0.tar.gz")

    script("install", "--tag", "1", answers=BUCKET)
    assert "\ncurl " in calls.read_text("utf-8")


@pytest.mark.parametrize(
    ("status", "message"),
    [("404", "Cloud Run does not serve"), ("503", "answered 503"), ("000", "answered 000")],
)
def test_a_reserved_path_is_reported_after_everything_else(
    script: Script, calls: Path, status: str, message: str
) -> None:
    done = script("install", "--tag", "1", status=status)
    assert (done.returncode, list_creations(calls)[-1]) == (2, "gcpypi token create")
    assert message in done.stderr


RECORDED = ROOT / "deploy/offline_checks/installations/91243de.tfstate"


def read_recorded_state(project: str = "acme-packages") -> str:
    """Return the recorded resources with data; the mock provider generated their project."""
    state = json.loads(RECORDED.read_text("utf-8"))
    kept = [each for each in state["resources"] if each["type"] in PROTECTED]
    for instance in (instance for each in kept for instance in each["instances"]):
        instance["attributes"]["project"] = project
    return json.dumps({"version": 4, "resources": kept})


def make_plan(*actions: str) -> str:
    address = 'module.storage.google_storage_bucket.this["packages"]'
    change = {
        "address": address,
        "type": "google_storage_bucket",
        "change": {"actions": list(actions)},
    }
    service = {
        "address": "module.service",
        "type": "google_cloud_run_v2_service",
        "change": {"actions": ["delete", "create"]},
    }
    return json.dumps({"format_version": "1.2", "resource_changes": [change, service]})


@pytest.mark.parametrize("name", ["install", "uninstall"])
@pytest.mark.parametrize("more", [[], ["--yes"]])
def test_another_region_is_refused_before_terraform_plans(
    script: Script, tree: Path, calls: Path, name: str, more: list[str]
) -> None:
    (tree / "deploy/terraform/terraform.tfvars").touch()
    answers, state = f"@({BUCKET}|{STATE})", read_recorded_state()
    tag = ["--tag", "1"] if name == "install" else ["--delete-data"]

    done = script(name, *tag, *more, "--region", "us-east1", answers=answers, output=state)

    assert (done.returncode, list_creations(calls)) == (2, [])
    assert "is in europe-west1, not in us-east1: use --region europe-west1" in done.stderr
    assert not re.search(r"terraform \S+ (apply|plan|destroy) ", calls.read_text("utf-8"))
    assert "storage rm" not in calls.read_text("utf-8")

    assert script(name, *tag, answers=answers, output=state).returncode == 0


def test_the_check_of_the_region_is_not_vacuous(script: Script, tree: Path, calls: Path) -> None:
    """Without the check, install passes the other region to Terraform."""
    (tree / "deploy/terraform/terraform.tfvars").touch()
    file = tree / "deploy/install"
    file.write_text(file.read_text("utf-8").replace("    check_installed_place\n", ""), "utf-8")
    answers, state = f"@({BUCKET}|{STATE})", read_recorded_state()
    done = script("install", "--tag", "1", "--region", "us-east1", answers=answers, output=state)
    assert done.returncode == 0
    assert " apply -var=project=acme-packages -var=region=us-east1 " in calls.read_text("utf-8")


def test_a_state_without_resources_is_in_the_region_of_its_bucket(
    script: Script, calls: Path
) -> None:
    done = script("install", "--tag", "1", answers=BUCKET, location="US-EAST1")
    assert (done.returncode, list_creations(calls)) == (2, [])
    assert "the bucket of Terraform's state is in us-east1, not in europe-west1" in done.stderr
    assert "--region us-east1, or delete this bucket" in done.stderr


def test_the_region_of_the_resources_counts_and_not_that_of_the_bucket(
    script: Script, tree: Path
) -> None:
    (tree / "deploy/terraform/terraform.tfvars").touch()
    answers, state = f"@({BUCKET}|{STATE})", read_recorded_state()
    done = script("install", "--tag", "1", answers=answers, output=state, location="US-EAST1")
    assert done.returncode == 0, done.stderr


def test_the_state_of_another_project_is_refused(script: Script, tree: Path, calls: Path) -> None:
    (tree / "deploy/terraform/terraform.tfvars").touch()
    answers, state = f"@({BUCKET}|{STATE})", read_recorded_state("other-packages")
    done = script("install", "--tag", "1", answers=answers, output=state)
    assert (done.returncode, list_creations(calls)) == (2, [])
    assert "is in the project other-packages, not in acme-packages" in done.stderr


@pytest.mark.parametrize("broken", ["gcloud storage buckets describe *", STATE])
def test_install_stops_if_it_cannot_compare_the_region(
    script: Script, calls: Path, broken: str
) -> None:
    done = script("install", "--tag", "1", answers=BUCKET, fails=broken)
    assert done.returncode != 0
    assert " apply " not in calls.read_text("utf-8")


@pytest.mark.parametrize("actions", [["delete"], ["delete", "create"], ["create", "delete"]])
def test_install_without_confirmation_refuses_a_plan_that_destroys_data(
    script: Script, calls: Path, actions: list[str]
) -> None:
    plan = make_plan(*actions)
    done = script("install", "--tag", "1", "--yes", answers=PLAN, output=plan)
    assert done.returncode == 2
    address = 'module.storage.google_storage_bucket.this["packages"]'
    assert f"refused: the plan destroys {address}" in done.stderr
    assert "module.service" not in done.stderr
    assert " apply " not in calls.read_text("utf-8")


def test_install_without_confirmation_applies_the_plan_that_it_checked(
    script: Script, calls: Path
) -> None:
    done = script("install", "--tag", "1", "--yes", answers=PLAN, output=make_plan("update"))
    assert done.returncode == 0, done.stderr
    applied = re.findall(r"terraform \S+ (plan|show|apply) (.*)", calls.read_text("utf-8"))
    assert [name for name, _ in applied] == ["plan", "show", "apply"] * 2
    assert {rest for name, rest in applied if name == "apply"} == {"-input=false install.tfplan"}


def test_install_without_confirmation_needs_a_readable_plan(script: Script, calls: Path) -> None:
    assert script("install", "--tag", "1", "--yes", fails=PLAN).returncode != 0
    assert script("install", "--tag", "1", "--yes").returncode != 0
    assert " apply " not in calls.read_text("utf-8")


@pytest.mark.parametrize("more", [[], ["--delete-data"]])
def test_uninstall_permits_the_destruction_only_in_its_copy(
    script: Script, tree: Path, calls: Path, more: list[str]
) -> None:
    before = sorted((tree / "deploy").rglob("*"))
    broken = "terraform * destroy *"
    assert script("uninstall", *more, answers=BUCKET, fails=broken).returncode == 1

    copy = tree / ".local/uninstall"
    overrides = {path.name for path in copy.rglob("*_override.tf")}
    names = ("storage", "secrets", "backup")
    data = {f"{name}_override.tf" for name in names} if more else set()
    assert overrides == {"registry_override.tf", *data}
    assert (copy / "main.tf").exists()
    assert sorted((tree / "deploy").rglob("*")) == before

    assert script("uninstall", *more, answers=BUCKET).returncode == 0
    assert not copy.exists()


def test_uninstall_keeps_a_state_that_terraform_could_not_store(
    script: Script, tree: Path, calls: Path
) -> None:
    state = tree / ".local/uninstall/errored.tfstate"
    state.parent.mkdir(parents=True)
    state.write_text("{}", "utf-8")
    done = script("uninstall", answers=BUCKET)
    assert done.returncode == 2
    assert f"terraform -chdir={state.parent} state push errored.tfstate" in done.stderr
    assert state.exists()
