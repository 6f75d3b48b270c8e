"""Round trip: publish a wheel, install it, and yank it, like a person."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from urllib.parse import quote

from cloud.ports import Headers
from gcpypi.commanding.answer_wait import wait_for_answer
from gcpypi.commanding.command_author import CommandAuthor
from gcpypi.commanding.given_command import create_command, write_command
from gcpypi.connection.answers import Polling, find_verdict
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.doctor.finding import Finding, Level, collect_failures
from gcpypi.doctor.probe_wheel import PROJECT, build_wheel, name_wheel
from gcpypi.doctor.probes import Probes
from gcpypi.errors import CommandFailure
from schemas.headers import BINARY, NO_STORE
from schemas.verdict_documents import Verdict

T = TypeVar("T")

LONGEST = 120.0
"""Seconds for one step."""
_SUBJECT = "round trip"
_TRY = f"Try pip install {PROJECT} with the URL of the index"
_WHEEL = Headers(BINARY, NO_STORE)


class RoundTrip:
    """A wheel of one version on its way through the index.

    :param say: prints a step.
    """

    def __init__(self, connection: IndexConnection, say: Callable[[str], None]) -> None:
        self._connection, self._say = connection, say
        self._run = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        self._version = datetime.now(UTC).strftime("0.%Y%m%d.%H%M%S%f")
        settings = connection.settings
        self._uploader = settings.uploader or ("doctor" if settings.is_local else "")
        operator = settings.operator or ("doctor" if settings.is_local else "")
        self._author = settings.uploader or (f"operators/{operator}" if operator else "")
        self._patience = min(settings.timeout, LONGEST)

    def check(self, _: Probes) -> Sequence[Finding]:
        """Do all steps, and return a finding for each."""
        if not self._uploader:
            text = "set GCPYPI_UPLOADER, the uploader that may publish gcpypi-doctor"
            return [Finding(_SUBJECT, Level.UNCHECKED, text)]
        findings = list[Finding]()
        with collect_failures(_SUBJECT, findings):
            findings.extend(self._do_steps())
        return findings

    def _do_steps(self) -> Iterator[Finding]:
        self._say(f"publishing {PROJECT} {self._version}")
        self._publish()
        yield Finding(_SUBJECT, Level.OK, f"published {PROJECT} {self._version}")
        self._say("installing it")
        if words := find_installer():
            self._install(words)
            yield Finding(_SUBJECT, Level.OK, "installed it")
        else:
            text = "not installed: this machine has neither pip in this environment nor uv"
            yield Finding(_SUBJECT, Level.UNCHECKED, text)
        self._say("yanking it")
        self._yank()
        yield Finding(_SUBJECT, Level.OK, "yanked it")

    def _publish(self) -> None:
        filename = name_wheel(self._version)
        name = f"{self._uploader}/{self._run}/{filename}"
        info = self._connection.get_bucket("incoming").write(
            name, build_wheel(self._version), _WHEEL, if_generation=0
        )
        verdicts = self._connection.get_bucket("verdicts")
        verdict = self._poll(lambda: find_verdict(verdicts, name, info.generation), "no verdict")
        _require_acceptance(verdict)
        self._poll(lambda: self._find_file(filename), f"the page does not list {filename}")

    def _find_file(self, filename: str, *, is_yanked: bool = False) -> str | None:
        page = self._connection.index.find_project(PROJECT)
        files = page.packages if page else []
        found = (f for f in files if f.filename == filename and f.is_yanked == is_yanked)
        return next((each.filename for each in found), None)

    def _install(self, installer: Sequence[str]) -> None:
        """Install the wheel into a temporary folder.

        The URL has the token, so it is in a file and not on a command line.
        """
        with TemporaryDirectory() as folder:
            requirements = Path(folder) / "requirements.txt"
            requirements.touch(mode=0o600)
            requirements.write_text(
                f"--index-url {self._build_url()}\n{PROJECT}=={self._version}\n", "utf-8"
            )
            options = ["--target", f"{folder}/site", "--requirement", str(requirements)]
            try:
                done = subprocess.run(  # noqa: S603 - our own words
                    [*installer, *options], capture_output=True, text=True, timeout=LONGEST
                )
            except subprocess.TimeoutExpired as error:
                raise CommandFailure(
                    f"it was not installed after {LONGEST:g} s: look at the log of the proxy"
                ) from error
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no message"]
            raise CommandFailure(f"it was not installed: {lines[-1]}. {_TRY}")

    def _build_url(self) -> str:
        settings = self._connection.settings
        if not settings.token:
            return str(settings.index_url)
        scheme, _, rest = self._connection.index.url.partition("://")
        return f"{scheme}://__token__:{quote(settings.token, '')}@{rest}"

    def _yank(self) -> None:
        if not self._author:
            raise CommandFailure("set GCPYPI_OPERATOR or GCPYPI_UPLOADER to yank the version")
        command = create_command(
            action="yank", project=PROJECT, version=self._version, reason="round trip"
        )
        incoming, verdicts = map(self._connection.get_bucket, ("incoming", "verdicts"))
        given = write_command(incoming, CommandAuthor(self._author), command)
        wait_for_answer(verdicts, given, self._patience)
        filename = name_wheel(self._version)
        self._poll(lambda: self._find_file(filename, is_yanked=True), "the page shows no yank")

    def _poll(self, probe: Callable[[], T | None], problem: str) -> T:
        found = Polling(self._patience).wait_for(probe)
        if found is None:
            text = f"{problem} after {self._patience:g} s: read the log of the services"
            raise CommandFailure(f"{text}, or look at the dead letters")
        return found


def find_installer() -> Sequence[str]:
    """Return the words of pip of this environment, or of uv; empty without both.

    The environments of ``uv tool install`` have no pip.
    """
    if find_spec("pip"):
        words = [sys.executable, "-m", "pip", "--isolated", "install", "--no-cache-dir"]
        return [*words, "--disable-pip-version-check", "--quiet", "--no-deps"]
    if uv := shutil.which("uv"):
        words = [uv, "pip", "install", "--python", sys.executable, "--no-cache", "--no-config"]
        return [*words, "--quiet", "--no-deps"]
    return []


def _require_acceptance(verdict: Verdict) -> None:
    if verdict.outcome == "refused":
        raise CommandFailure(f"refused: {verdict.reason}: {verdict.detail}")
