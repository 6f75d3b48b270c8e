"""Reader of a page: runs its commands in order and compares their output with the page."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from documented import checkout, doc_pages
from documented.rules import Check, Rule
from documented.session import Shell, StepResult
from offline_checks.markdown import ShellStep

PATIENCE = 600.0
"""Seconds until the output of the services must exist."""

_PROJECT = "gcpypi-local"
_SOURCING = ". .local/env"


class PageReader:
    """Reader with a running local index and a copy of the repository."""

    def __init__(self, folder: Path, home: Path, index_url: str) -> None:
        self._folder, self._home = folder, home
        self._environment = checkout.make_environment(home)
        parts = urlsplit(index_url)
        self._values: Mapping[str, str] = {
            "my-packages": _PROJECT,
            "acme-prod": _PROJECT,
            "<walkthrough-project-id/>": _PROJECT,
            "gs://acme-packages-gcpypi-": f"gs://{_PROJECT}-",
            "gs://acme-": f"gs://{_PROJECT}-",
            "<project>": "acme",
            "export GCPYPI_TOKEN=…": f"export GCPYPI_TOKEN={parts.password}",
            "PASTE_IT_HERE": str(parts.password),
            "https://__token__": "http://__token__",
            "@…/simple/": f"@{parts.hostname}:{parts.port}/simple/",
            "@$HOST/": f"@{parts.hostname}:{parts.port}/",
            "https://packages.example.com/simple/ answers": (
                f"http://{parts.hostname}:{parts.port}/simple/ answers"
            ),
            "@packages.example.com/simple/": f"@{parts.hostname}:{parts.port}/simple/",
            '"https://$HOST/': f'"http://{parts.hostname}:{parts.port}/',
            "read -rs LEAKED": 'LEAKED="$(gcpypi token create leaked)"',
            "/tmp/demo": f"{home}/demo",  # noqa: S108 - text of the page, not a path of the test
        }

    def follow(self, name: str, *checks: Check) -> dict[str, str]:
        """Run the steps of a page that have one of these checks; return the output of each.

        The README starts without any setting. Commands in the text come after those in blocks.
        """
        printed = {}
        with Shell(self._folder, self._environment, self._home) as shell:
            if name != "README.md":
                shell.run(_SOURCING)
            for step in doc_pages.select_steps(name, *checks):
                where = f"{name}:{step.line}: {step.text}"
                rule = _select_rule(step)
                done = self._run(shell, step, rule)
                assert done.code in rule.codes, f"{where}\nexit code {done.code}\n{done.output}"
                for line in self._replace_values(step.output).splitlines():
                    assert done.has_line(line), f"{where}\nshows {line}\nnot\n{done.output}"
                printed[step.text] = done.output
        return printed

    def run_command(self, command: str) -> str:
        """Run one command, which must succeed; return its output."""
        with Shell(self._folder, self._environment, self._home) as shell:
            done = shell.run(command)
        assert done.code == 0, done.output
        return done.output

    def _run(self, shell: Shell, step: ShellStep, rule: Rule) -> StepResult:
        give_up = time.monotonic() + PATIENCE
        text = self._replace_values(step.text)
        for each in doc_pages.find_rules(step):
            if each.more:
                text = re.sub(rf"({re.escape(each.words)})(?!\S)", rf"\1 {each.more}", text)
        while True:
            done = shell.run(text)
            if done.code == 0 or not rule.soon or time.monotonic() > give_up:
                return done
            time.sleep(0.2)

    def _replace_values(self, text: str) -> str:
        """Replace the placeholders and names of the page by values of the local index."""
        for theirs, ours in self._values.items():
            text = text.replace(theirs, ours)
        return text


def _select_rule(step: ShellStep) -> Rule:
    """Return the most specific rule of a step, or ``_PLAIN`` if it has none."""
    found = doc_pages.find_rules(step)
    return max(found, key=lambda rule: (rule.soon, len(rule.codes)), default=_PLAIN)


_PLAIN = Rule("", Check.RUN)
