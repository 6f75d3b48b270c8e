"""End-to-end tests with real clients: upload a wheel, and install it with pip and uv."""

import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from e2e.conftest import LocalIndex, fetch, wait_until
from testing.fakes.small_wheels import build_wheel, wheel_filename

DESCRIPTION = "/.well-known/gcpypi.json"
UV = Path(sys.executable).parent / "uv"
PIP = ("-m", "pip", "--isolated", "--disable-pip-version-check", "--no-cache-dir")


@pytest.fixture
def project(request: pytest.FixtureRequest) -> str:
    """Project name that no other test uses."""
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()
    return f"e2e_{digest[:8]}"


def format_page_name(project: str) -> str:
    return project.replace("_", "-")


def upload(runtime: LocalIndex, path: Path) -> str:
    """Upload like CI: with gcloud if it is installed, else over the JSON API."""
    if not runtime.has_gcloud:
        return runtime.upload_file(path.name, path.read_bytes())
    name = runtime.make_object_name(path.name)
    runtime.run("gcloud", "storage", "cp", path, f"gs://{runtime.incoming}/{name}")
    return name


def announce(runtime: LocalIndex, name: str) -> None:
    """Announce like CI with gcloud; without it, the bucket's announcement is enough."""
    if not runtime.has_gcloud:
        return
    message = json.dumps({"bucket": runtime.incoming, "name": name})
    runtime.run("gcloud", "pubsub", "topics", "publish", "file-uploaded", f"--message={message}")


def install_with_pip(runtime: LocalIndex, python: Path, requirement: str) -> None:
    runtime.run(python, *PIP, "install", "--index-url", runtime.index_url, requirement)


def read_version(runtime: LocalIndex, python: Path, project: str) -> str:
    return runtime.run(python, "-c", f"import {project}; print({project}.VERSION)").stdout.strip()


def test_a_wheel_that_a_message_announced_is_installed_by_pip_and_by_uv(
    runtime: LocalIndex, python: Path, project: str, tmp_path: Path
) -> None:
    path = tmp_path / wheel_filename(project)
    path.write_bytes(build_wheel(project, body=b"VERSION = 'one'\n"))
    announce(runtime, upload(runtime, path))
    runtime.wait_for(format_page_name(project), path.name)

    install_with_pip(runtime, python, project)
    assert read_version(runtime, python, project) == "one"

    target = tmp_path / "by-uv"
    into = ("--no-config", "--no-cache", "--python", python, "--target", target)
    runtime.run(UV, "pip", "install", *into, "--index-url", runtime.index_url, project)
    assert (target / f"{project}.py").read_text() == "VERSION = 'one'\n"


def test_dropping_a_file_is_enough(runtime: LocalIndex, python: Path, project: str) -> None:
    filename = wheel_filename(project)
    name = runtime.upload_file(filename, build_wheel(project, body=b"VERSION = 'dropped'\n"))
    assert runtime.wait_for_verdict(name)["outcome"] == "accepted"
    runtime.wait_for(format_page_name(project), filename)
    install_with_pip(runtime, python, project)
    assert read_version(runtime, python, project) == "dropped"


def test_it_works_without_gcloud_java_and_docker(
    built_in: LocalIndex, python: Path, project: str
) -> None:
    assert "the built-in one" in built_in.output
    filename = wheel_filename(project)
    built_in.upload_file(filename, build_wheel(project, body=b"VERSION = 'built in'\n"))
    built_in.wait_for(format_page_name(project), filename)
    install_with_pip(built_in, python, project)
    assert read_version(built_in, python, project) == "built in"


def test_pip_checks_the_hash_of_a_download(
    runtime: LocalIndex, python: Path, project: str, tmp_path: Path
) -> None:
    data = build_wheel(project)
    runtime.upload_file(wheel_filename(project), data)
    runtime.wait_for(format_page_name(project), wheel_filename(project))
    right, wrong = tmp_path / "right.txt", tmp_path / "wrong.txt"
    right.write_text(f"{project}==1.0 --hash=sha256:{hashlib.sha256(data).hexdigest()}\n")
    wrong.write_text(f"{project}==1.0 --hash=sha256:{'0' * 64}\n")
    download = (*PIP, "download", "--index-url", runtime.index_url, "--require-hashes", "-d")
    runtime.run(python, *download, tmp_path, "-r", right)
    assert (tmp_path / wheel_filename(project)).read_bytes() == data
    refused = runtime.run(python, *download, tmp_path / "no", "-r", wrong, check=False)
    assert refused.returncode != 0
    assert "DO NOT MATCH" in refused.stderr


def test_twenty_wheels_of_five_projects_at_once_are_all_on_their_pages(
    runtime: LocalIndex, project: str
) -> None:
    released = {
        (f"{project}_{n}", f"{v}.0"): build_wheel(f"{project}_{n}", f"{v}.0")
        for n in range(5)
        for v in range(4)
    }
    with ThreadPoolExecutor(20) as pool:
        for key, data in released.items():
            pool.submit(runtime.upload_file, wheel_filename(*key), data)
    for n in range(5):
        name = f"{project}_{n}"
        expected = {wheel_filename(name, f"{v}.0") for v in range(4)}
        runtime.wait_for(format_page_name(name), *expected)
    wanted = {format_page_name(f"{project}_{n}") for n in range(5)}

    def is_catalogued() -> bool:
        _, body = runtime.get("/simple/", "application/vnd.pypi.simple.v1+json")
        return wanted <= {entry["name"] for entry in json.loads(body)["projects"]}

    wait_until(is_catalogued)


def test_the_same_message_three_times_changes_nothing(runtime: LocalIndex, project: str) -> None:
    filename = wheel_filename(project)
    name = runtime.upload_file(filename, build_wheel(project))
    announcement = json.dumps({"bucket": runtime.incoming, "name": name})
    announcements = 4 if runtime.has_gcloud else 0  # and that of the bucket
    if announcements:
        runtime.publish_message("file-uploaded", announcement)
    runtime.wait_for(format_page_name(project), filename)
    before = runtime.fetch_page(format_page_name(project)), runtime.read_objects("verdicts", name)
    for _ in range(announcements - 1):
        runtime.publish_message("file-uploaded", announcement)

    def is_delivered() -> bool:
        lines = runtime.read_log_entries("ingest")
        return sum(line.get("file") == filename for line in lines) >= announcements + 1

    wait_until(is_delivered)
    assert (
        runtime.fetch_page(format_page_name(project)),
        runtime.read_objects("verdicts", name),
    ) == before
    packages = runtime.read_objects("packages", project)
    assert packages.keys() == {filename, f"{filename}.metadata"}


def test_the_same_file_name_with_other_bytes_is_refused(runtime: LocalIndex, project: str) -> None:
    filename = wheel_filename(project)
    first = build_wheel(project)
    assert runtime.wait_for_verdict(runtime.upload_file(filename, first))["outcome"] == "accepted"
    second = runtime.upload_file(filename, build_wheel(project, body=b"VERSION = 'other'\n"))
    verdict = runtime.wait_for_verdict(second)
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "exists")
    runtime.wait_for(format_page_name(project), filename)
    assert runtime.get(f"/packages/{filename}") == (200, first)


def test_a_file_that_is_no_wheel_is_refused_with_a_verdict(
    runtime: LocalIndex, project: str
) -> None:
    name = runtime.upload_file(wheel_filename(project), b"this is no wheel")
    verdict = runtime.wait_for_verdict(name)
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "not-a-zip")
    assert runtime.read_objects("packages", project) == {}
    assert runtime.fetch_page(format_page_name(project)) is None


def test_invalid_messages_are_answered_and_block_no_other_message(
    runtime: LocalIndex, project: str
) -> None:
    if not runtime.has_gcloud:
        pytest.skip("the built-in Pub/Sub has no REST API for gcloud")
    absent = runtime.make_object_name(wheel_filename(project))
    reasons = {
        "no json": "unreadable-message",
        json.dumps({"bucket": runtime.incoming}): "unreadable-message",
        json.dumps({"bucket": "elsewhere", "name": "a/1/b.whl"}): "not-allowed",
        json.dumps({"bucket": runtime.incoming, "name": absent}): "not-found",
    }
    for message, reason in reasons.items():
        message_id = runtime.publish_message("file-uploaded", message)
        assert runtime.wait_for_answer(message_id)["reason"] == reason
    assert runtime.read_objects("verdicts", absent) == {}


def test_a_yank_reaches_pip(runtime: LocalIndex, python: Path, project: str) -> None:
    if not runtime.has_gcloud:
        pytest.skip("the built-in Pub/Sub has no REST API for gcloud")
    for version in ("1.0", "2.0"):
        body = f"VERSION = '{version}'\n".encode()
        runtime.upload_file(
            wheel_filename(project, version), build_wheel(project, version, body=body)
        )
    runtime.wait_for(format_page_name(project), wheel_filename(project, "1.0"))
    runtime.wait_for(format_page_name(project), wheel_filename(project, "2.0"))
    command = {"action": "yank", "project": project, "version": "2.0", "reason": "broken"}
    publish = ("gcloud", "pubsub", "topics", "publish", "project-command")
    runtime.run(*publish, f"--message={json.dumps(command)}")

    def is_yanked() -> bool:
        page = runtime.fetch_page(format_page_name(project))
        return page is not None and '"yanked": "broken"' in json.dumps(page)

    wait_until(is_yanked)
    install_with_pip(runtime, python, project)
    assert read_version(runtime, python, project) == "1.0"


def test_a_mistyped_command_is_answered_and_is_no_dead_letter(
    runtime: LocalIndex, project: str
) -> None:
    if not runtime.has_gcloud:
        pytest.skip("the built-in Pub/Sub has no REST API for gcloud")
    command = {"action": "yank", "project": f"{project}-with-a-typo", "version": "1.0"}
    command_id = runtime.publish_message("project-command", json.dumps(command))
    answer = runtime.wait_for_command(command_id)
    assert (answer["outcome"], answer["reason"]) == ("refused", "not-found")
    assert runtime.pull_dead_letters("indexer-project-command") == []


@pytest.mark.parametrize("token", ["", "wrong", "gcpypi_wrong"])
def test_without_a_valid_token_every_path_answers_401(runtime: LocalIndex, token: str) -> None:
    for path in ("/simple/", "/simple/acme/", "/packages/acme-1.0.tar.gz", DESCRIPTION, "/nowhere"):
        assert runtime.get(path, token=token)[0] == 401


def test_the_index_describes_the_parts_of_the_local_environment(runtime: LocalIndex) -> None:
    """The URL of the index in ``.local/env`` leads to the names of its other variables."""
    url = urlsplit(urljoin(runtime.index_url, "../.well-known/gcpypi.json"))
    assert url.path == DESCRIPTION
    userinfo, _, host = url.netloc.rpartition("@")
    status, body = fetch(f"http://{host}{url.path}", userinfo=userinfo)
    described, environment = json.loads(body), runtime.environment
    roles = ("incoming", "packages", "verdicts", "metadata", "static")
    assert status == 200
    assert described.pop("version")
    assert described.pop("topics")["file-uploaded"] == "file-uploaded"
    assert described == {
        "schema_version": 1,
        "gcp_project": environment["CLOUDSDK_CORE_PROJECT"],
        "region": None,
        "buckets": {role: environment[f"{role.upper()}_BUCKET"] for role in roles},
        "services": {},
        "jobs": {},
        "tokens_secret": "gcpypi-tokens",
        "upload_url": environment["GCPYPI_UPLOAD_URL"],
    }


def test_an_unknown_project_is_not_found(runtime: LocalIndex) -> None:
    assert runtime.get("/simple/unknown-project/")[0] == 404


def test_a_second_up_is_harmless(runtime: LocalIndex) -> None:
    again = runtime.run(sys.executable, "-m", "local", "up", "--dir", runtime.directory)
    assert "already up" in again.stdout


def test_the_logs_have_no_errors_and_no_warnings(runtime: LocalIndex, built_in: LocalIndex) -> None:
    assert runtime.find_complaints() == []
    assert built_in.find_complaints() == []
