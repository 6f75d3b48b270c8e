"""Round trip: publish a wheel, install it, and yank it, like a person."""

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
from gcpypi.connection.answers import Polling, find_command_verdict, find_verdict
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.doctor.finding import Finding, Level, collect_failures
from gcpypi.doctor.probe_wheel import PROJECT, build_wheel, name_wheel
from gcpypi.doctor.probes import Probes
from gcpypi.errors import CommandFailure
from schemas.events import ProjectCommand
from schemas.layout import COMMAND_SUFFIX
from schemas.records import Verdict

T = TypeVar("T")

LONGEST = 120.0
"""Seconds for one step."""
_SUBJECT = "round trip"
_WHEEL, _COMMAND = (Headers(kind, "") for kind in ("application/octet-stream", "application/json"))


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
            for text in self._do_steps():
                findings.append(Finding(_SUBJECT, Level.OK, text))
        return findings

    def _do_steps(self) -> Iterator[str]:
        self._say(f"publishing {PROJECT} {self._version}")
        self._publish()
        yield f"published {PROJECT} {self._version}"
        self._say("installing it")
        self._install()
        yield "installed it"
        self._say("yanking it")
        self._yank()
        yield "yanked it"

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

    def _install(self) -> None:
        """Install with pip of this environment into a temporary folder.

        The URL has the token, so it is in a file and not on a command line.
        """
        if find_spec("pip") is None:
            raise CommandFailure("this environment has no pip to install the wheel with")
        with TemporaryDirectory() as folder:
            requirements = Path(folder) / "requirements.txt"
            requirements.touch(mode=0o600)
            requirements.write_text(
                f"--index-url {self._build_url()}\n{PROJECT}=={self._version}\n", "utf-8"
            )
            words = [sys.executable, "-m", "pip", "--isolated", "install", "--quiet", "--no-deps"]
            more = ["--no-cache-dir", "--disable-pip-version-check", "--target", f"{folder}/site"]
            done = subprocess.run(  # noqa: S603 - our own words
                [*words, *more, "--requirement", str(requirements)],
                capture_output=True,
                text=True,
                timeout=LONGEST,
            )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no message"]
            raise CommandFailure(f"pip did not install it: {lines[-1]}")

    def _build_url(self) -> str:
        settings = self._connection.settings
        if not settings.token:
            return str(settings.index_url)
        scheme, _, rest = self._connection.index.url.partition("://")
        return f"{scheme}://__token__:{quote(settings.token, '')}@{rest}"

    def _yank(self) -> None:
        if not self._author:
            raise CommandFailure("set GCPYPI_OPERATOR or GCPYPI_UPLOADER to yank the version")
        command = ProjectCommand.model_validate(
            {"action": "yank", "project": PROJECT, "version": self._version, "reason": "round trip"}
        )
        name = f"{self._author}/{self._run}/yank{COMMAND_SUFFIX}"
        info = self._connection.get_bucket("incoming").write(
            name, command.encode(), _COMMAND, if_generation=0
        )
        verdicts = self._connection.get_bucket("verdicts")
        own = self._poll(lambda: find_verdict(verdicts, name, info.generation), "no verdict")
        _require_acceptance(own)
        if own.command_id:
            command_id = own.command_id
            self._poll(lambda: find_command_verdict(verdicts, command_id), "no answer")
        filename = name_wheel(self._version)
        self._poll(lambda: self._find_file(filename, is_yanked=True), "the page shows no yank")

    def _poll(self, probe: Callable[[], T | None], problem: str) -> T:
        found = Polling(self._patience).wait_for(probe)
        if found is None:
            text = f"{problem} after {self._patience:g} s: read the log of the services"
            raise CommandFailure(f"{text}, or look at the dead letters")
        return found


def _require_acceptance(verdict: Verdict) -> None:
    if verdict.outcome == "refused":
        raise CommandFailure(f"refused: {verdict.reason}: {verdict.detail}")
