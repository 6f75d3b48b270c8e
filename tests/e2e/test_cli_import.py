"""``gcpypi import`` and ``gcpypi configure`` as programs, on the local runtime."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from urllib.request import Request, urlopen

import pytest

from e2e.conftest import LocalIndex, make_bare_path, run_local_index, wait_until
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.processes import Process
from unit.cli.importing.source_server import SourceServer, run_source

PROGRAM = Path(sys.executable).with_name("gcpypi")
TIME = "2020-03-01T08:30:00.000000Z"


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    """Runtime of a machine without gcloud, Java and Docker, whose uploaders may do nothing."""
    path = make_bare_path(tmp_path_factory.mktemp("bin") / "bin")
    directory = tmp_path_factory.mktemp("import")
    with run_local_index(directory, path, UPLOADERS="{}") as started:
        yield started
        assert started.find_complaints() == []


@pytest.fixture
def source() -> Iterator[SourceServer]:
    with run_source() as server:
        yield server


def run(
    runtime: LocalIndex, *arguments: str | Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command without a terminal."""
    environment = {**runtime.environment, "PYTHONWARNINGS": "error", **variables}
    command = [str(part) for part in (PROGRAM, *arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=3000)


def list_facts(runtime: LocalIndex, project: str) -> dict[str, tuple[object, object]]:
    """Return upload time and yank of each file of a project."""
    files = (runtime.fetch_page(project) or {"files": []})["files"]
    assert isinstance(files, list)
    return {each["filename"]: (each["upload-time"], each.get("yanked", False)) for each in files}


def test_a_directory_is_imported_and_its_refused_files_are_listed(
    runtime: LocalIndex, tmp_path: Path
) -> None:
    folder = tmp_path / "packages/old"
    folder.mkdir(parents=True)
    (folder / wheel_filename("dir_tool")).write_bytes(build_wheel("dir_tool"))
    (folder / "dir-tool-0.9.zip").write_bytes(b"PK")

    dry = run(runtime, "import", "--dry-run", tmp_path)
    assert (dry.returncode, runtime.fetch_page("dir-tool")) == (1, None)
    done = run(runtime, "import", tmp_path)

    assert (done.returncode, done.stderr) == (1, "1 imported, 1 refused; 1 differences\n")
    assert done.stdout.splitlines()[1].split()[:2] == ["dir-tool-0.9.zip", "bad-filename"]
    assert dry.stderr == "1 acceptable, 1 refused; nothing was uploaded\n"
    assert dry.stdout == done.stdout
    assert runtime.list_filenames("dir-tool") == {wheel_filename("dir_tool")}


def test_times_and_yanks_of_an_index_are_imported_once(
    runtime: LocalIndex, source: SourceServer
) -> None:
    names = [wheel_filename("times_tool", f"1.{number}") for number in range(3)]
    source.files = {
        name: build_wheel("times_tool", f"1.{number}") for number, name in enumerate(names)
    }
    source.facts = {name: {"upload-time": TIME, "yanked": False} for name in names}
    source.facts[names[0]]["yanked"] = "broken"
    arguments = ("import", "--json", "--map-yanks", "--operator", "ada", source.url)

    done = run(runtime, *arguments)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [found["differences"], found["yanks"]] == [
        [],
        [{"filename": names[0], "outcome": "done", "detail": None}],
    ]
    expected = {name: (TIME, "broken" if name == names[0] else False) for name in names}
    wait_until(lambda: list_facts(runtime, "times-tool") == expected)
    again = run(runtime, *arguments)
    assert again.stderr == "3 already there; 0 differences\n"
    assert json.loads(again.stdout)["yanks"] == []


def test_a_bucket_of_the_ancestor_is_imported_with_its_times(runtime: LocalIndex) -> None:
    emulator = runtime.environment["STORAGE_EMULATOR_HOST"]
    post(f"{emulator}/storage/v1/b?project=gcpypi-local", b'{"name": "old-bucket"}')
    name, data = wheel_filename("bucket_tool"), build_wheel("bucket_tool")
    upload = f"{emulator}/upload/storage/v1/b/old-bucket/o?uploadType=media&name=raw%2F{name}"
    created = post(upload, data)["timeCreated"]

    done = run(runtime, "import", "gs://old-bucket")

    assert (done.returncode, done.stderr) == (0, "1 imported; 0 differences\n")
    [(time, _)] = list_facts(runtime, "bucket-tool").values()
    assert str(time)[:23] == str(created)[:23]


def post(url: str, data: bytes) -> dict[str, object]:
    kind = "application/json" if data.startswith(b"{") else "application/octet-stream"
    with urlopen(Request(url, data, {"Content-Type": kind})) as response:  # noqa: S310 - loopback
        answer: dict[str, object] = json.load(response)
    return answer


def test_an_import_without_an_answer_in_time_exits_with_3(
    runtime: LocalIndex, tmp_path: Path
) -> None:
    (tmp_path / wheel_filename("late_tool")).write_bytes(build_wheel("late_tool"))

    done = run(runtime, "import", "--timeout", "0.000001", tmp_path)

    assert (done.returncode, "import again" in done.stdout) == (3, True)
    runtime.wait_for("late-tool", wheel_filename("late_tool"))
    assert run(runtime, "import", tmp_path).stderr == "1 already there; 0 differences\n"


def test_an_interrupted_import_says_what_happened_and_can_continue(
    runtime: LocalIndex, source: SourceServer
) -> None:
    names = [wheel_filename("stop_tool", f"1.{number}") for number in range(2)]
    source.files = {
        name: build_wheel("stop_tool", f"1.{number}") for number, name in enumerate(names)
    }
    source.slow, source.arrived = Event(), Event()
    environment = {**runtime.environment, "PYTHONWARNINGS": "error"}
    pipe = subprocess.PIPE
    command = [str(PROGRAM), "import", "--json", "--jobs", "1", source.url]
    with Process(command, environment=environment, stdout=pipe, stderr=pipe) as importing:
        assert source.arrived.wait(300)
        importing.send_signal(signal.SIGINT)
        source.slow.set()
        output, errors = importing.communicate(timeout=300)

    report = json.loads(output)
    assert (importing.returncode, report["exit_code"], report["differences"]) == (130, 130, [])
    assert errors.decode().splitlines()[-1] == f"gcpypi: {report['error']}"
    assert report["error"].startswith("interrupted after ")
    assert run(runtime, "import", source.url).returncode == 0
    assert runtime.list_filenames("stop-tool") == set(names)


def test_missing_rights_are_one_sentence(runtime: LocalIndex, tmp_path: Path) -> None:
    (tmp_path / wheel_filename("denied_tool")).write_bytes(build_wheel("denied_tool"))
    with run_source() as storage:
        storage.denies_writes = True
        emulator = storage.url.removesuffix("/simple/")
        done = run(runtime, "import", tmp_path, STORAGE_EMULATOR_HOST=emulator)

    assert (done.returncode, done.stdout) == (4, "")
    assert "an import needs the rights of an operator" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_pip_and_uv_install_with_the_written_settings(
    runtime: LocalIndex, tmp_path: Path, python: Path
) -> None:
    name = wheel_filename("conf_tool")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / name).write_bytes(build_wheel("conf_tool"))
    assert run(runtime, "import", tmp_path / "files").returncode == 0
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\n'
    )
    for tool in ("pip", "uv"):
        environment = {**runtime.environment, "HOME": str(home)}
        command = [str(PROGRAM), "configure", tool, "--write"]
        subprocess.run(command, env=environment, cwd=tmp_path, check=True, capture_output=True)

    # Only the written files configure the installers.
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CONFIG_DIRS": str(home)}
    target = ["--target", str(tmp_path / "pip"), "--no-cache-dir", "conf-tool"]
    pip = [str(python), "-m", "pip", "install", *target]
    subprocess.run(pip, env=clean, check=True, capture_output=True)
    uv = [str(PROGRAM.with_name("uv")), "add", "--no-cache", "--no-sync", "conf-tool"]
    subprocess.run(uv, env=clean, cwd=tmp_path, check=True, capture_output=True)

    assert (tmp_path / "pip/conf_tool.py").exists()
    assert name in (tmp_path / "uv.lock").read_text()
