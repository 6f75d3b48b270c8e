"""Commands of operators with the real program: tokens, repair jobs, doctor, installation."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.processes import Process

from .conftest import ROOT, LocalIndex, wait_until

CLI = ("schemas", "checks", "cloud", "access", "cli")
"""Folders of the wheels that ``deploy/install`` publishes."""
GCPYPI = (sys.executable, "-W", "error", "-m", "gcpypi")


def run(
    index: LocalIndex, *words: str, stdin: str = "", **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command with the variables of ``.local/env`` and no terminal."""
    return subprocess.run(
        [*GCPYPI, *words],
        env={**make_environment(index), **settings},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def make_environment(index: LocalIndex) -> dict[str, str]:
    """Return the variables of ``.local/env`` that the command and the repair programs read."""
    project = index.environment["CLOUDSDK_CORE_PROJECT"]
    return {**index.environment, "GCP_PROJECT": project, "PATH": os.environ["PATH"]}


def accepts(index: LocalIndex, token: str) -> bool:
    return index.get("/.well-known/gcpypi.json", token=token)[0] == 200


def test_a_token_is_created_rotated_and_revoked(built_in: LocalIndex) -> None:
    created = run(built_in, "token", "create", "team", "--project", "acme-*")
    old = created.stdout.strip()
    assert (created.returncode, re.fullmatch(r"gcpypi_\w{49}\n", created.stdout) is None) == (
        0,
        False,
    ), created.stderr
    rotated = run(built_in, "token", "rotate", "team", "--name", "team-2")
    new = rotated.stdout.strip()
    assert rotated.stderr.endswith("run: gcpypi token revoke team\n")

    listed = json.loads(run(built_in, "token", "list", "--json").stdout)
    assert [(t["name"], t["state"], t["projects"]) for t in listed[-2:]] == [
        ("team", "live", ["acme-*"]),
        ("team-2", "live", ["acme-*"]),
    ]

    revoked = run(built_in, "token", "revoke", "-", stdin=f"{old}\n")
    assert (revoked.returncode, revoked.stdout[:13]) == (0, "revoked team ")
    again = run(built_in, "token", "revoke", "team")
    assert (again.returncode, again.stdout) == (1, "")
    assert "no live tokens match 'team': 'team' " in again.stderr
    wait_until(lambda: accepts(built_in, new) and not accepts(built_in, old))


@pytest.mark.parametrize(
    ("settings", "code", "text"),
    [
        ({"GCPYPI_INDEX_URL": "http://127.0.0.1:1/simple/"}, 4, "does not answer"),
        ({"GCPYPI_TOKEN": "wrong"}, 4, "refuses the credentials (401)"),
        ({"GCPYPI_INDEX_URL": ""}, 2, "no index: set GCPYPI_INDEX_URL"),
    ],
)
def test_a_failure_is_a_sentence(
    built_in: LocalIndex, settings: Mapping[str, str], code: int, text: str
) -> None:
    done = run(built_in, "token", "list", **settings)
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_a_local_repair_command_prints_and_returns_the_outcome(built_in: LocalIndex) -> None:
    built_in.upload_file(wheel_filename("fixed"), build_wheel("fixed"))
    built_in.wait_for("fixed", wheel_filename("fixed"))

    rebuilt = run(built_in, "rebuild", "fixed")
    assert (rebuilt.returncode, rebuilt.stdout) == (0, "")
    assert rebuilt.stderr.endswith("rebuild: 1 projects announced\n")
    mistyped = run(built_in, "rebuild", "fixd")
    assert (mistyped.returncode, "did you mean fixed?" in mistyped.stderr) == (2, True)
    replayed = run(built_in, "replay", "--dry-run")
    assert (replayed.returncode, replayed.stderr) == (0, "replay: no dead letters\n")


def test_ctrl_c_ends_a_local_repair_command(built_in: LocalIndex) -> None:
    words = [*GCPYPI, "verify", "--patience", "600"]
    # A page without a record is a difference, which verify checks again after its patience.
    stray = "simple/stray-page/index.html"
    with provide_object(built_in, "static", stray):
        command = Process(
            words,
            environment=make_environment(built_in),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with command:
            wait_until(lambda: command.poll() is not None or has_child(command.pid))
            os.killpg(command.pid, signal.SIGINT)
            _, error = command.communicate(timeout=600)
    assert command.returncode == 130
    assert "verify was interrupted" in error.decode()


def test_doctor_checks_everything_but_cloud_run(built_in: LocalIndex) -> None:
    done = run(built_in, "doctor", "--json")
    findings = json.loads(done.stdout)
    results = {each["subject"]: each["result"] for each in findings}
    assert done.returncode == 0, findings
    assert [each["text"] for each in findings if each["subject"] == "round trip"][1:] == [
        "installed it",
        "yanked it",
    ]
    assert results.pop("services") == "not checked"
    assert results.pop("index") in ("ok", "warning")  # a warning before the first project
    assert {"clock", "bucket static", "dead letters", "tokens"} <= set(results)
    assert {result for result in results.values() if result not in ("ok", "not checked")} == set()


def test_doctor_names_a_missing_index(built_in: LocalIndex) -> None:
    done = run(built_in, "doctor", GCPYPI_INDEX_URL="http://127.0.0.1:1/simple/")
    assert (done.returncode, "does not answer" in done.stdout) == (4, True)


def test_the_command_installs_from_the_index(built_in: LocalIndex, tmp_path: Path) -> None:
    """The five wheels come from the index; their dependencies are those of this environment."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    sources = [str(ROOT / folder) for folder in CLI]
    subprocess.run([*build, "--wheel-dir", str(tmp_path / "wheels"), *sources], check=True)
    wheels = sorted((tmp_path / "wheels").glob("*.whl"))
    assert len(wheels) == len(CLI)
    for wheel in wheels:
        built_in.upload_file(wheel.name, wheel.read_bytes(), "import")
    for wheel in wheels:
        project = wheel.name.partition("-")[0].replace("_", "-")
        built_in.wait_for(project, wheel.name)

    site = tmp_path / "site"
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    assert uv
    install = [uv, "pip", "install", "--quiet", "--no-deps", "--no-cache", "--no-config"]
    names = ["gcpypi", *(f"gcpypi-{folder}" for folder in CLI[:-1])]
    subprocess.run(
        [
            *install,
            "--default-index",
            built_in.index_url,
            "--python",
            sys.executable,
            "--target",
            str(site),
            *names,
        ],
        check=True,
    )
    dependencies = sysconfig.get_path("purelib")
    program = f"import sys; sys.path[:0] = [{str(site)!r}]; sys.path.append({dependencies!r})"
    run_program = "import gcpypi.main, schemas; print(gcpypi.__file__); gcpypi.main.run()"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{program}; {run_program}", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    place, version = done.stdout.splitlines()
    assert place.startswith(str(site))
    assert re.fullmatch(r"gcpypi \d+\.\d+\.\d+", version)
    assert (site / "bin/gcpypi").exists()


@contextmanager
def provide_object(index: LocalIndex, bucket: str, name: str) -> Iterator[None]:
    """Create an object that no service wrote, and delete it at the end."""
    base = index.environment["STORAGE_EMULATOR_HOST"]
    where = index.environment[f"{bucket.upper()}_BUCKET"]
    url = f"{base}/upload/storage/v1/b/{where}/o?uploadType=media&name={quote(name, '')}"
    with urlopen(Request(url, b"<html>", {"Content-Type": "text/html"})):  # noqa: S310 - loopback
        pass
    try:
        yield
    finally:
        url = f"{base}/storage/v1/b/{where}/o/{quote(name, '')}"
        with urlopen(Request(url, method="DELETE")):  # noqa: S310 - loopback
            pass


def has_child(pid: int) -> bool:
    """Return True if a process has started another one."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return bool(children.read_text().strip())
