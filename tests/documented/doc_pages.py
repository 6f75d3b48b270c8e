"""Pages of the documentation, and the commands on each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from documented.rules import Check, Rule, find_rule
from offline_checks import markdown, shell
from offline_checks.markdown import CodeBlock, ShellStep
from offline_checks.shell import Command

ROOT = Path(__file__).parents[2]
HISTORY = ("CHANGELOG.md", "docs/adr/*.md")
"""Pages about the past, which can name removed commands."""

RECIPES = "docs/use.md"
"""Page whose sections are executed with real clients, by ``clients/use``."""

_PROGRAM = re.compile(r"[a-z.][\w./-]*")
"""First word of a command in the text, not of a header (``Vary: Accept``) or a sentence."""


@dataclass(frozen=True, slots=True)
class UsedCommand:
    """One command of a page, and its step."""

    step: ShellStep
    command: Command


def list_pages() -> list[str]:
    """List the paths of all pages but ``HISTORY``."""
    folders = (each for each in ROOT.iterdir() if each.is_dir() and each.name[0] != ".")
    found = [*ROOT.glob("*.md"), *(path for each in folders for path in each.rglob("*.md"))]
    pages = [path.relative_to(ROOT) for path in found if "build" not in path.parts]
    return sorted(str(page) for page in pages if not any(map(page.match, HISTORY)))


def read_page(name: str) -> str:
    """Return the text of a page."""
    return (ROOT / name).read_text("utf-8")


@cache
def list_steps(name: str) -> tuple[ShellStep, ...]:
    """List the steps of a page with their output: first those in blocks, then those in the text."""
    return tuple(parse_steps(read_page(name)))


def parse_steps(page: str) -> Iterator[ShellStep]:
    """Yield the steps of a text, without prose and without repetitions of a block in the text."""
    outputs = {command: block.text for command, block in find_outputs(page)}
    typed = set()
    for step in markdown.find_steps(page):
        if step.is_mention and (_is_prose(step) or step.text in typed):
            continue
        words = step.text.partition("#")[0].strip()
        typed.add(words)
        yield replace(step, output=step.output or outputs.get(words, ""))


def find_outputs(page: str) -> Iterator[tuple[str, CodeBlock]]:
    """Yield commands with a separate block of output, below ``… `make demo` ends like this:``."""
    for block in markdown.find_blocks(page):
        if not block.language and block.before.endswith(":"):
            yield from ((command, block) for command in re.findall("`(.+?)`", block.before))


def find_diagrams(page: str) -> list[CodeBlock]:
    """List the drawings: blocks without a language that have lines of ``──``."""
    return [each for each in markdown.find_blocks(page) if not each.language and "──" in each.text]


@cache
def list_commands(name: str) -> tuple[UsedCommand, ...]:
    """List all commands of a page."""
    return tuple(
        UsedCommand(step, command)
        for step in list_steps(name)
        for command in shell.split_commands(step.text)
    )


def find_rules(step: ShellStep) -> list[Rule]:
    """List the rules for the commands of a step."""
    return [find_rule(command) for command in shell.split_commands(step.text)]


def select_steps(name: str, *checks: Check) -> list[ShellStep]:
    """List the steps of a page that need only these checks."""
    return [step for step in list_steps(name) if _list_checks(step) <= set(checks)]


def _list_checks(step: ShellStep) -> set[Check]:
    return {rule.check for rule in find_rules(step)}


def _is_prose(step: ShellStep) -> bool:
    """Return whether words between backticks are no command: a setting, a header, a sentence."""
    words = next((each.words for each in shell.split_commands(step.text)), ("",))
    return not _PROGRAM.fullmatch(words[0]) or words[1] == "="
