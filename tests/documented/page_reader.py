"""Follows a page: types its commands in its order, and compares what they print with the page."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from documented import checkout, pages
from documented.rules import Check, Rule
from documented.session import Done, Shell
from offline_checks.markdown import Step

PATIENCE = 30.0
"""Seconds until what the services write must be there."""

_PROJECT = "gcpypi-local"
_SOURCING = ". .local/env"


class Reader:
    """Somebody with a local index that runs, and a copy of the repository."""

    def __init__(self, folder: Path, home: Path, index_url: str) -> None:
        self._folder, self._home = folder, home
        self._environment = checkout.environment(home)
        parts = urlsplit(index_url)
        self._own: Mapping[str, str] = {
            "my-packages": _PROJECT,
            "acme-prod": _PROJECT,
            "<walkthrough-project-id/>": _PROJECT,
            "gs://acme-": f"gs://{_PROJECT}-",
            "<project>": "acme",
            "export GCPYPI_TOKEN=…": f"export GCPYPI_TOKEN={parts.password}",
            "PASTE_IT_HERE": str(parts.password),
            "https://__token__": "http://__token__",
            "@…/simple/": f"@{parts.hostname}:{parts.port}/simple/",
            "@$HOST/": f"@{parts.hostname}:{parts.port}/",
            "LEAKED=gcpypi_…": 'LEAKED="$(python -m proxy.tokens create leaked)"',
            # The older of two of that name, as `list` has it.
            "revoke 3fa1c04b9d2e": 'revoke "$(python -m proxy.tokens list | '
            "awk '/^ada .* live / { print $2; exit }')\"",
            "/tmp/demo": f"{home}/demo",  # noqa: S108 - what the page says, not where we write
        }

    def follow(self, name: str, *checks: Check) -> dict[str, str]:
        """Type the commands of a page that are checked so; return what each printed.

        The README starts without any setting. What a page mentions comes after its blocks.
        """
        printed = {}
        with Shell(self._folder, self._environment, self._home) as shell:
            if name != "README.md":
                shell.run(_SOURCING)
            for step in pages.executed(name, *checks):
                where = f"{name}:{step.line}: {step.text}"
                rule = _narrowest(step)
                done = self._typed(shell, step, rule)
                assert done.code in rule.codes, f"{where}\nexit code {done.code}\n{done.output}"
                for line in self._filled(step.said).splitlines():
                    assert done.shows(line), f"{where}\nshows {line}\nnot\n{done.output}"
                printed[step.text] = done.output
        return printed

    def types(self, command: str) -> str:
        """Type one command that works; return what it prints."""
        with Shell(self._folder, self._environment, self._home) as shell:
            done = shell.run(command)
        assert done.code == 0, done.output
        return done.output

    def _typed(self, shell: Shell, step: Step, rule: Rule) -> Done:
        give_up = time.monotonic() + PATIENCE
        text = self._filled(step.text)
        for each in pages.rules(step):
            if each.more:
                text = re.sub(rf"({re.escape(each.words)})(?!\S)", rf"\1 {each.more}", text)
        while True:
            done = shell.run(text)
            if done.code == 0 or not rule.soon or time.monotonic() > give_up:
                return done
            time.sleep(0.2)

    def _filled(self, text: str) -> str:
        """Put in what the page leaves to its reader."""
        for theirs, mine in self._own.items():
            text = text.replace(theirs, mine)
        return text


def _narrowest(step: Step) -> Rule:
    """The rule that says most of how a step is executed; of plain shell there is none."""
    found = pages.rules(step)
    return max(found, key=lambda rule: (rule.soon, len(rule.codes)), default=_PLAIN)


_PLAIN = Rule("", Check.RUN)
