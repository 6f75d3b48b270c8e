"""``gcpypi yank … activate``, ``list``, ``show`` and ``log`` on the local runtime."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from e2e.conftest import LocalIndex, wait_until
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.processes import Process

PROGRAM = (sys.executable, "-W", "error", "-m", "gcpypi")
Finished = subprocess.CompletedProcess[str]


def run(
    runtime: LocalIndex, *words: str, stdin: int = subprocess.DEVNULL, **variables: str
) -> Finished:
    """Run the program in the environment of the runtime, with other variables, until its end."""
    return subprocess.run(
        [*PROGRAM, *words],
        env={**runtime.environment, **variables},
        capture_output=True,
        text=True,
        timeout=600,
        stdin=stdin,
    )


def publish(runtime: LocalIndex, project: str, *versions: str) -> list[str]:
    """Publish wheels, and return their names when the page and the list of projects have them."""
    escaped = project.replace("-", "_")
    names = [wheel_filename(escaped, version) for version in versions]
    for name, version in zip(names, versions, strict=True):
        runtime.upload_file(name, build_wheel(escaped, version), "acme")
    runtime.wait_for(project, *names)
    wait_until(lambda: f">{project}<".encode() in runtime.get("/simple/")[1])
    return names


def count_commands(runtime: LocalIndex) -> int:
    return sum(name.endswith(".command.json") for name in runtime.read_objects("incoming"))


def describe(runtime: LocalIndex, folder: Path, **buckets: str) -> str:
    """Write the description of the index with other buckets; return the path of the file."""
    status, data = runtime.get("/.well-known/gcpypi.json")
    assert status == 200
    description = json.loads(data)
    description["buckets"].update(buckets)
    path = folder / "description.json"
    path.write_text(json.dumps(description))
    return str(path)


def test_yank_and_unyank_end_when_the_page_shows_them(built_in: LocalIndex) -> None:
    (name,) = publish(built_in, "cli-yank", "1.0")

    done = run(built_in, "yank", "cli-yank", "1.0.0", "--reason", "broken", "--as", "acme")

    assert (done.returncode, done.stdout) == (0, f"cli-yank 1.0.0 is yanked: {name}\n"), done.stderr
    page = built_in.fetch_page("cli-yank")
    assert page is not None
    assert [file["yanked"] for file in page["files"]] == ["broken"]  # type: ignore[attr-defined]
    done = run(built_in, "unyank", "cli-yank", "--file", name, "--as", "acme")
    assert (done.returncode, done.stdout) == (0, f"{name} is not yanked: {name}\n"), done.stderr


def test_unyank_explains_the_yank_of_an_operator_and_that_of_an_uploader(
    built_in: LocalIndex,
) -> None:
    publish(built_in, "cli-both", "1.0")
    words = ("cli-both", "1.0")
    run(built_in, "yank", *words, "--operator", "ada", "--reason", "unsafe")
    run(built_in, "yank", *words, "--as", "acme")

    done = run(built_in, "unyank", *words, "--as", "acme")

    assert done.returncode == 1
    assert "a yank by operators/ada on " in done.stderr
    assert "(unsafe) still holds: an uploader cannot lift the yank of an operator" in done.stderr
    run(built_in, "yank", *words, "--as", "acme")
    done = run(built_in, "unyank", *words, "--operator", "ada")
    assert done.returncode == 1
    assert "a yank by acme on " in done.stderr
    assert "still holds: add --of-uploaders" in done.stderr
    done = run(built_in, "unyank", *words, "--operator", "ada", "--of-uploaders")
    assert done.returncode == 0, done.stderr


def test_remove_and_restore_of_a_release(built_in: LocalIndex) -> None:
    first, second = publish(built_in, "cli-remove", "1.0", "2.0")
    done = run(built_in, "remove", "cli-remove", "1.0", GCPYPI_OPERATOR="ada")

    assert (done.returncode, done.stdout) == (0, "cli-remove 1.0 is removed\n"), done.stderr
    assert built_in.list_filenames("cli-remove") == {second}
    done = run(built_in, "restore", "cli-remove", "1.0", GCPYPI_OPERATOR="ada")
    assert (done.returncode, done.stdout) == (0, f"cli-remove 1.0 is listed again: {first}\n")


def test_quarantines_of_project_and_release_add_up(built_in: LocalIndex) -> None:
    publish(built_in, "cli-lock", "1.0")
    operator = ("--operator", "ada")
    for words in (["quarantine", "cli-lock", "1.0"], ["quarantine", "cli-lock"]):
        done = run(built_in, *words, *operator)
        assert done.returncode == 0, done.stderr

    done = run(built_in, "activate", "cli-lock", "1.0", *operator)

    assert done.returncode == 1
    assert "the project is quarantined by operators/ada" in done.stderr
    assert "gcpypi activate cli-lock lifts it" in done.stderr
    done = run(built_in, "activate", "cli-lock", *operator)
    assert (done.returncode, done.stdout) == (0, "cli-lock is active\n"), done.stderr


@pytest.mark.parametrize(
    ("action", "status"), [("archive", "archived"), ("deprecate", "deprecated")]
)
def test_the_status_of_a_project_is_on_its_page(
    action: str, status: str, built_in: LocalIndex
) -> None:
    publish(built_in, f"cli-{action}", "1.0")

    done = run(built_in, action, f"cli-{action}", "--reason", "use acme", "--operator", "ada")

    assert (done.returncode, done.stdout) == (0, f"cli-{action} is {status}\n"), done.stderr
    done = run(built_in, "list", f"cli-{action}", "--json")
    shown = json.loads(done.stdout)
    assert (shown["status"], shown["status_reason"]) == (status, "use acme")


def test_a_command_without_the_right_is_refused_with_reason_and_remedy(
    built_in: LocalIndex,
) -> None:
    publish(built_in, "cli-refused", "1.0")

    done = run(built_in, "remove", "cli-refused", "1.0", "--as", "acme")

    assert (done.returncode, done.stdout) == (1, "")
    assert "gcpypi: refused (not-allowed): " in done.stderr
    assert "ask an operator to give it" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("yank", "cli-typpo", "1.0"), "there is no project cli-typpo in"),
        (("yank", "cli-typpo", "1.0"), "did you mean cli-typo?"),
        (("yank", "cli-typo", "1.1"), "cli-typo has no release 1.1 on its page: it has 1.0"),
        (
            ("remove", "cli-typo", "--file", "cli_typo-1.0.tar.gz"),
            "has no file cli_typo-1.0.tar.gz",
        ),
        (("show", "cli-typo", "7"), "cli-typo has no release 7 on its page"),
        (("log", "cli_typo-7-py3-none-any.whl"), "did you mean cli_typo-1.0-py3-none-any.whl?"),
        (("yank", "cli-typo"), "give either VERSION or --file FILENAME"),
    ],
)
def test_a_typing_error_is_wrong_usage_and_gives_no_command(
    words: tuple[str, ...], message: str, built_in: LocalIndex
) -> None:
    publish(built_in, "cli-typo", "1.0")
    before = count_commands(built_in)

    done = run(built_in, *words, GCPYPI_UPLOADER="acme")

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert count_commands(built_in) == before


def test_no_wait_ends_with_the_id_of_the_command(built_in: LocalIndex) -> None:
    (name,) = publish(built_in, "cli-no-wait", "1.0")

    done = run(built_in, "yank", "cli-no-wait", "1.0", "--as", "acme", "--no-wait")

    assert done.returncode == 0, done.stderr
    command_id = done.stdout.split()[2].removesuffix(";")
    assert built_in.wait_for_command(command_id)["outcome"] == "done"
    assert name in built_in.list_filenames("cli-no-wait")


def test_a_missing_answer_is_a_timeout(built_in: LocalIndex, tmp_path: Path) -> None:
    publish(built_in, "cli-late", "1.0")
    description = describe(built_in, tmp_path, verdicts=built_in.environment["STATIC_BUCKET"])

    done = run(
        built_in,
        *("yank", "cli-late", "1.0", "--as", "acme", "--timeout", "0.5"),
        GCPYPI_DESCRIPTION=description,
    )

    assert (done.returncode, done.stdout) == (3, "")
    assert (
        "ingest has no verdict on the command after 0.5 s. It can still take effect" in done.stderr
    )


@contextmanager
def heed_interrupts() -> Iterator[None]:
    """Let new processes heed SIGINT, also if a shell started the tests in the background."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def test_an_interruption_says_that_the_command_is_given(
    built_in: LocalIndex, tmp_path: Path
) -> None:
    (name,) = publish(built_in, "cli-interrupted", "1.0")
    static = built_in.environment["STATIC_BUCKET"]
    variables = {"GCPYPI_DESCRIPTION": describe(built_in, tmp_path, verdicts=static)}
    words = ("yank", "cli-interrupted", "1.0", "--as", "acme")
    with (
        heed_interrupts(),
        Process(
            [*PROGRAM, *words],
            environment={**built_in.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"given    gs://")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate()

    assert (process.wait(), output) == (130, b"")
    assert b"interrupted: the command is given, and takes effect. Its answer will be gs" in errors
    wait_until(lambda: '"yanked": true' in json.dumps(built_in.fetch_page("cli-interrupted")))
    assert name in built_in.list_filenames("cli-interrupted")


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 2), (b"y\n", 0)])
def test_a_terminal_asks_before_a_removal(answer: bytes, code: int, built_in: LocalIndex) -> None:
    project = f"cli-ask-{code}"
    publish(built_in, project, "1.0")
    terminal, stdin = pty.openpty()
    try:
        os.write(terminal, answer)
        done = run(built_in, "remove", project, "1.0", "--operator", "ada", stdin=stdin)
    finally:
        os.close(terminal)
        os.close(stdin)

    assert done.returncode == code, done.stderr
    assert f"Remove {project} 1.0? Installers no longer find it" in done.stderr
    assert ("not confirmed: no command was given" in done.stderr) == (code == 2)
    assert bool(built_in.list_filenames(project)) == (code == 2)


class DenyEverything(BaseHTTPRequestHandler):
    """Cloud Storage for an identity without a right."""

    def do_GET(self) -> None:
        """Answer 403."""
        body = b'{"error": {"code": 403, "message": "no access"}}'
        self.send_response(403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Read the request, and answer 403."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@contextmanager
def deny_storage() -> Iterator[str]:
    """Serve :class:`DenyEverything`, and yield its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), DenyEverything) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_an_identity_without_rights_gets_a_sentence(built_in: LocalIndex) -> None:
    (name,) = publish(built_in, "cli-denied", "1.0")
    with deny_storage() as url:
        given = run(
            built_in, "yank", "cli-denied", "1.0", "--as", "acme", STORAGE_EMULATOR_HOST=url
        )
        story = run(built_in, "log", name, "--json", STORAGE_EMULATOR_HOST=url)

    assert (given.returncode, given.stdout) == (4, "")
    assert "Check the author acme: " in given.stderr
    assert "Traceback" not in given.stderr
    assert story.returncode == 0, story.stderr
    shown = json.loads(story.stdout)
    assert (shown["page"], shown["uploader"], shown["events"]) == ("listed", None, [])
    assert len(shown["unreadable"]) == 2


def test_a_missing_sign_in_names_the_command_of_google(
    built_in: LocalIndex, tmp_path: Path
) -> None:
    publish(built_in, "cli-anonymous", "1.0")
    done = run(
        built_in,
        *("yank", "cli-anonymous", "1.0", "--as", "acme"),
        STORAGE_EMULATOR_HOST="",
        GCPYPI_UPLOAD_URL="",  # without the upload service, the command writes to the bucket
        GCPYPI_UPLOAD_TOKEN="",
        NO_GCE_CHECK="true",
        HOME=str(tmp_path),
        CLOUDSDK_CONFIG=str(tmp_path),
    )

    assert (done.returncode, done.stdout) == (4, "")
    assert "gcloud auth application-default login" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("list",), ("show", "acme"), ("yank", "acme", "1", "--as", "a")])
def test_a_wrong_token_is_a_sentence(words: tuple[str, ...], built_in: LocalIndex) -> None:
    done = run(built_in, *words, GCPYPI_TOKEN="gcpypi_wrong")

    assert (done.returncode, done.stdout) == (4, "")
    assert "refuses the credentials (401): set GCPYPI_TOKEN to a live token" in done.stderr


def test_without_an_index_the_setting_is_named(built_in: LocalIndex) -> None:
    done = run(built_in, "list", GCPYPI_INDEX_URL="")

    assert done.returncode == 2
    assert "no index: set GCPYPI_INDEX_URL" in done.stderr


def test_list_and_show_print_tables_and_json(built_in: LocalIndex) -> None:
    publish(built_in, "cli-list", "1.0", "2.0rc1", "1.1")
    run(built_in, "yank", "cli-list", "1.1", "--reason", "broken", "--as", "acme")

    projects = json.loads(run(built_in, "list", "--versions", "--json").stdout)
    releases = run(built_in, "list", "cli-list").stdout.splitlines()
    shown = run(built_in, "show", "cli-list").stdout
    release = json.loads(run(built_in, "show", "cli-list", "1.1", "--json").stdout)

    assert {"project": "cli-list", "latest_version": "1.0"} in projects
    assert [line.split()[0] for line in releases] == ["version", "2.0rc1", "1.1", "1.0"]
    assert releases[2].rstrip().endswith("yanked: broken")
    assert "release         cli-list 1.0" in shown
    assert (release["version"], release["yanked"], release["requires_dist"]) == ("1.1", True, [])
    assert release["latest_version"] == "1.0"


def test_the_log_of_a_file_has_its_uploads_verdicts_and_yanks(built_in: LocalIndex) -> None:
    (name,) = publish(built_in, "cli-log", "1.0")
    refused = built_in.upload_file(name, b"no zip", "acme")
    assert built_in.wait_for_verdict(refused)["outcome"] == "refused"
    run(built_in, "yank", "cli-log", "1.0", "--reason", "broken", "--operator", "ada")

    story = json.loads(run(built_in, "log", name, "--json").stdout)
    text = run(built_in, "log", name)

    events = [event["event"] for event in story["events"]]
    assert sorted(events) == sorted(
        ["uploaded", "promoted", "accepted", "uploaded", "refused", "yanked"]
    )
    assert (events[0], events[-1]) == ("uploaded", "yanked")
    assert story["events"][-1]["detail"] == "the release, by operators/ada: broken"
    assert (story["uploader"], story["page"], story["unreadable"]) == (
        "acme",
        "listed, yanked: broken",
        [],
    )
    assert text.returncode == 0
    assert "exists: " in text.stdout
