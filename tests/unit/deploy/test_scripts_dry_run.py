"""Commands that install and uninstall print with --dry-run."""

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.any_python("bash runs the scripts")

ROOT = Path(__file__).parents[3]
PLACE = ["--project", "acme-packages", "--region", "europe-west1"]


def run(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", str(ROOT / "deploy" / script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def list_commands(script: str, *arguments: str) -> list[str]:
    done = run(script, *PLACE, "--dry-run", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return [line for line in done.stdout.splitlines() if line and not line.startswith("#")]


def find_line(lines: list[str], text: str) -> int:
    return next(index for index, line in enumerate(lines) if text in line)


def test_install_runs_its_steps_in_the_order_of_their_dependencies() -> None:
    lines = list_commands("install", "--tag", "1")
    order = (
        "gcloud services enable",
        "terraform -chdir=",
        "-target=module.registry",
        "gcloud builds submit",
        "-var=tag=1",
        "jobs execute gcpypi-rebuild",
        "--update-labels=pages=DIGEST",
        "-m gcpypi token create admin",
        "-m pip wheel",
        "-m gcpypi publish --as import",
    )
    places = [find_line(lines, text) for text in order]
    assert places[:4] == sorted(places[:4])
    assert places[3] < len(lines) - 1 - find_line(lines[::-1], "-var=tag=1") < places[5]
    assert places[5:] == sorted(places[5:])
    outputs = next(i for i, line in enumerate(lines) if line.endswith("/deploy/terraform output"))
    assert [line.split()[0] for line in lines[outputs:]] == ["terraform", "terraform", "curl"]


def test_install_prints_its_version_and_the_tag_of_its_images() -> None:
    done = run("install", "--version")
    assert (done.returncode, done.stderr) == (0, "")
    printed = re.fullmatch(r"gcpypi (\S+), images (\S+)\n", done.stdout)
    assert printed
    assert re.fullmatch(rf"{re.escape(printed[1])}-[0-9a-f]{{12}}(-[0-9a-f]{{8}})?", printed[2])


def test_scripts_ask_before_each_change() -> None:
    unasked = re.compile("-auto-approve|apply .*tfplan$")
    for script in ("install", "uninstall"):
        assert not list(filter(unasked.search, list_commands(script)))
        assert list(filter(unasked.search, list_commands(script, "--yes")))


def test_install_applies_only_plans_that_it_checked() -> None:
    commands = [
        line.partition("deploy/terraform ")[2] for line in list_commands("install", "--yes")
    ]
    names = [line.split()[0] for line in commands if line]
    assert [name for name in names if name in {"plan", "show", "apply"}] == [
        *("plan", "show", "apply"),
        *("plan", "show", "apply"),
    ]


def test_uninstall_changes_no_file_of_the_configuration() -> None:
    for arguments in ([], ["--delete-data"]):
        lines = list_commands("uninstall", *arguments)
        assert not [line for line in lines if "-chdir" in line and ".local/uninstall" not in line]
        written = [line.split()[-1] for line in lines if line.startswith(("cp ", "rm ", "mkdir "))]
        assert all(path.startswith(f"{ROOT}/.local/uninstall") for path in written)
        overrides = {line.split()[1].rpartition("/")[2] for line in lines if "_override.tf" in line}
        assert ("storage_override.tf" in overrides) == bool(arguments)
        assert "registry_override.tf" in overrides


def test_uninstall_deletes_all_modules_without_data() -> None:
    [destroy] = [line for line in list_commands("uninstall") if " destroy " in line]
    main = (ROOT / "deploy/terraform/main.tf").read_text("utf-8")
    modules = set(re.findall(r'^module "(\w+)"', main, re.MULTILINE))
    assert set(re.findall(r"-target=module\.(\w+) ", f"{destroy} ")) == modules - {
        "storage",
        "secrets",
    }
    assert "-target=module.backup.google_storage_transfer_job.hourly" in destroy


def test_uninstall_deletes_data_only_with_its_option() -> None:
    assert not [line for line in list_commands("uninstall") if "delete_data" in line]
    deleted = list_commands("uninstall", "--delete-data")
    last = [line for line in deleted if line.startswith(("gcloud ", "terraform "))][-1]
    assert last == "gcloud storage rm --recursive gs://acme-packages-gcpypi-terraform"
    assert len([line for line in deleted if "-var=delete_data=true" in line]) == 2


@pytest.mark.parametrize("script", ["install", "uninstall"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--project needs"),
        (["--project", "acme-packages"], "--region needs"),
        (["--project", "acme packages", "--region", "europe-west1"], "--project needs"),
        (["--project"], "--project needs a value"),
        ([*PLACE, "--force"], "unknown argument --force"),
    ],
)
def test_invalid_arguments_are_refused(script: str, arguments: list[str], message: str) -> None:
    done = run(script, *arguments, "--dry-run") if len(arguments) != 1 else run(script, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "gcloud" not in done.stdout
