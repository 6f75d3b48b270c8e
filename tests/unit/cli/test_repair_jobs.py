"""``gcpypi verify`` and the other repair commands: jobs in Google Cloud, programs locally."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cloud.errors import PermissionDenied, Unavailable
from cloud.log_entries import LogEntry, LogPage
from cloud.rest.run_jobs import Execution
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.operating.cloud_job import CloudJob, describe_state
from gcpypi.operating.execution_log import ExecutionLog, SearchableLog
from gcpypi.operating.local_job import defer_signals, run_program
from gcpypi.operating.repair import run_cloud_job
from testing.processes import Process
from unit.cli.command_run import run_command

NAME = "projects/p/locations/r/jobs/gcpypi-verify/executions/gcpypi-verify-x7k2p"
END = {"completionTime": "2026-11-28T12:00:00Z"}
PLACE = "gcpypi-verify-x7k2p --project=p --region=r"


def make_execution(**fields: object) -> Execution:
    return Execution.model_validate({"name": NAME, **fields})


@dataclass
class MemoryJobs:
    """Jobs with prepared states of one execution."""

    states: list[Execution]
    started: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def start(self, job: str, arguments: Sequence[str]) -> Execution:
        self.started.append((job, tuple(arguments)))
        return make_execution()

    def find(self, name: str) -> Execution:
        assert name == NAME
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


@dataclass
class LineLog:
    """Log that has one line more at each query."""

    lines: list[tuple[str, str]]
    queries: list[str] = field(default_factory=list)

    def list_newest(self, query: str) -> LogPage:
        self.queries.append(query)
        entries = [
            LogEntry.model_validate(
                {
                    "timestamp": f"2026-11-28T12:00:{number:02}Z",
                    "textPayload": text,
                    "logName": f"projects/p/logs/run.googleapis.com%2F{stream}",
                }
            )
            for number, (stream, text) in enumerate(self.lines[: len(self.queries)])
        ]
        return LogPage(entries[::-1], is_complete=True)


class DeniedLog:
    def list_newest(self, query: str) -> LogPage:
        raise PermissionDenied("logs of projects/p", "403")


class DeniedJobs(MemoryJobs):
    def start(self, job: str, arguments: Sequence[str]) -> Execution:
        raise PermissionDenied(job, "403")


def make_job(
    jobs: MemoryJobs, log: SearchableLog | None = None, sleep: Callable[[float], None] | None = None
) -> CloudJob:
    seconds = [0.0]

    def advance(pause: float) -> None:
        seconds[0] += pause

    return CloudJob(
        jobs,
        "gcpypi-verify",
        "r",
        "p",
        lambda execution: ExecutionLog(log or LineLog([]), execution),
        sleep or advance,
        lambda: seconds[0],
    )


def test_a_successful_execution_prints_its_log_and_its_state(
    capsys: pytest.CaptureFixture[str],
) -> None:
    jobs = MemoryJobs([make_execution(runningCount=1), make_execution(succeededCount=1, **END)])
    log = LineLog([("stdout", "yanked acme 1.2"), ("stderr", "verify: no differences")])

    assert make_job(jobs, log).run(["acme"], wait=True, timeout=None) == ExitCode.OK

    printed, note = capsys.readouterr()
    assert jobs.started == [("gcpypi-verify", ("acme",))]
    assert printed == "yanked acme 1.2\n"
    assert note.splitlines() == [
        "gcpypi-verify-x7k2p started",
        "gcpypi-verify-x7k2p: 1 running",
        "verify: no differences",
        "gcpypi-verify-x7k2p: 1 succeeded",
    ]
    assert 'execution_name"="gcpypi-verify-x7k2p"' in log.queries[0]


def test_a_failed_execution_is_a_failed_command(capsys: pytest.CaptureFixture[str]) -> None:
    jobs = MemoryJobs([make_execution(failedCount=1, retriedCount=3, logUri="https://log", **END)])

    assert make_job(jobs).run([], wait=True, timeout=None) == ExitCode.REFUSED

    assert capsys.readouterr().err.splitlines()[-1] == (
        "gcpypi: gcpypi-verify-x7k2p failed; its log has the reason: https://log"
    )


def test_one_failed_request_for_the_log_loses_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclass
    class FlickeringLog(LineLog):
        def list_newest(self, query: str) -> LogPage:
            page = super().list_newest(query)
            if len(self.queries) == 1:
                raise Unavailable("logs of projects/p", "503")
            return page

    jobs = MemoryJobs([make_execution(runningCount=1), make_execution(succeededCount=1, **END)])
    log = FlickeringLog([("stdout", "yanked acme 1.2"), ("stdout", "yanked acme 1.3")])

    assert make_job(jobs, log).run([], wait=True, timeout=None) == ExitCode.OK

    printed, note = capsys.readouterr()
    assert printed.splitlines() == ["yanked acme 1.2", "yanked acme 1.3"]
    assert "not readable" not in note


def test_an_unreadable_log_does_not_change_the_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    jobs = MemoryJobs([make_execution(succeededCount=1, **END)])
    assert make_job(jobs, DeniedLog()).run([], wait=True, timeout=None) == ExitCode.OK
    assert "the log is not readable: logs of projects/p: 403" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ([], "Your account needs roles/run.jobsExecutor on the job, which operators have"),
        (
            ["--bytes", "acme"],
            "Only an owner can give a job arguments (run.jobs.runWithOverrides): run the command "
            "without arguments",
        ),
    ],
)
def test_a_denied_execution_names_the_right(arguments: list[str], remedy: str) -> None:
    with pytest.raises(CommandFailure) as failure:
        run_cloud_job(make_job(DeniedJobs([])), arguments, wait=True, timeout=None)
    assert str(failure.value) == f"gcpypi-verify: 403. {remedy}"


def test_after_the_time_out_the_execution_continues() -> None:
    jobs = MemoryJobs([make_execution(runningCount=1)])

    with pytest.raises(CommandFailure, match=r"no end after 10 s, and .* continues") as failure:
        make_job(jobs).run([], wait=True, timeout=10)

    assert failure.value.code == ExitCode.TIMEOUT
    assert f"gcloud run jobs executions describe {PLACE}" in str(failure.value)


def test_ctrl_c_leaves_the_execution_and_says_how_to_end_it() -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    jobs = MemoryJobs([make_execution(runningCount=1)])

    with pytest.raises(CommandFailure, match=r"interrupted, but .* continues") as failure:
        make_job(jobs, sleep=interrupt).run([], wait=True, timeout=None)

    assert failure.value.code == ExitCode.INTERRUPTED
    assert f"gcloud run jobs executions cancel {PLACE}" in str(failure.value)


def test_a_lasting_failure_says_that_the_execution_continues() -> None:
    @dataclass
    class FailingJobs(MemoryJobs):
        def find(self, name: str) -> Execution:
            raise Unavailable(name, "503")

    with pytest.raises(CommandFailure, match=r"503\. Try again later.* continues") as failure:
        make_job(FailingJobs([])).run([], wait=True, timeout=None)

    assert failure.value.code == ExitCode.UNAVAILABLE
    assert f"gcloud run jobs executions describe {PLACE}" in str(failure.value)


def test_without_waiting_the_command_prints_how_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert make_job(MemoryJobs([])).run([], wait=False, timeout=None) == ExitCode.OK
    assert f"gcloud run jobs executions describe {PLACE}" in capsys.readouterr().err


def test_the_state_has_all_numbers_that_are_not_zero() -> None:
    assert describe_state(make_execution()) == "waiting"
    assert describe_state(make_execution(runningCount=1, retriedCount=2)) == "1 running, 2 retried"


def describe_index(tmp_path: Path, **fields: object) -> str:
    path = tmp_path / "description.json"
    path.write_text(json.dumps({"version": "0.2.0", "gcp_project": "p", **fields}), "utf-8")
    return str(path)


def test_an_index_without_the_job_is_named(tmp_path: Path) -> None:
    path = describe_index(tmp_path, region="r", jobs={})
    done = run_command("verify", GCPYPI_DESCRIPTION=path)
    assert (done.code, "has no verify in its jobs" in done.stderr) == (4, True)


def test_missing_credentials_are_a_sentence(tmp_path: Path) -> None:
    path = describe_index(tmp_path, region="r", jobs={"verify": "gcpypi-verify"})
    done = run_command(
        "verify",
        GCPYPI_DESCRIPTION=path,
        GOOGLE_APPLICATION_CREDENTIALS="/nonexistent/credentials.json",
    )
    assert done.code == 4
    assert "gcloud auth application-default login" in done.stderr


CHILD = """
import pathlib, signal, sys, time
place = pathlib.Path(sys.argv[1])
def end(number, frame):
    place.write_text("ended")
    sys.exit(7)
signal.signal(signal.SIGTERM, end)
place.write_text("running")
time.sleep(300)
"""
PARENT = """
import signal, sys
from gcpypi.operating.local_job import run_program
signal.signal(signal.SIGTERM, signal.default_int_handler)
try:
    run_program([sys.executable, "-c", sys.argv[1], sys.argv[2]])
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_command_ends_the_local_job(tmp_path: Path, number: int) -> None:
    """CI signals the command alone; a terminal signals its process group."""
    place = tmp_path / "state"
    words = [sys.executable, "-c", PARENT, CHILD, str(place)]

    with Process(words, environment=dict(os.environ)) as command:
        await_text(place, "running")
        command.send_signal(number)
        assert command.wait(600) == 130

    assert place.read_text() == "ended"


def test_ctrl_c_during_the_start_of_a_program_is_handled_after_it() -> None:
    steps: list[str] = []

    def start() -> None:
        with defer_signals():
            signal.raise_signal(signal.SIGINT)
            steps.append("started")
        steps.append("continued")

    with pytest.raises(KeyboardInterrupt):
        start()

    assert steps == ["started"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_local_job_ends_after_the_time_out(tmp_path: Path) -> None:
    place = tmp_path / "state"

    def run() -> int:
        return run_program([sys.executable, "-c", CHILD, str(place)], 0.01)

    with pytest.raises(subprocess.TimeoutExpired):
        run()


def test_a_local_job_has_its_own_exit_code() -> None:
    assert run_program([sys.executable, "-c", "raise SystemExit(5)"], 60) == 5


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (["--no-wait"], 2, "run gcpypi verify without --no-wait"),
        (["--timeout", "0.01"], 3, "gcpypi verify was ended after 0.01 s; repeat it with a longer"),
    ],
)
def test_options_for_waiting_hold_for_a_local_job(
    tmp_path: Path, options: list[str], code: int, text: str
) -> None:
    done = run_command(
        "verify",
        *options,
        GCPYPI_DESCRIPTION=describe_index(tmp_path),
        STORAGE_EMULATOR_HOST="http://127.0.0.1:1",
    )
    assert (done.code, text in done.stderr) == (code, True), done.stderr


def await_text(path: Path, text: str) -> None:
    end = time.monotonic() + 60
    while not (path.exists() and path.read_text() == text):
        assert time.monotonic() < end, f"{path} never has {text}"
        time.sleep(0.01)
