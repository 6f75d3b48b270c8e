"""The pages with commands for a reader, and what there is on each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from documented.rules import Check, Rule, rule_of
from offline_checks import markdown, shell
from offline_checks.markdown import Block, Step
from offline_checks.shell import Command

ROOT = Path(__file__).parents[2]
HISTORY = ("CHANGELOG.md", "docs/adr/*.md")
"""What was so at its time: what they name may be gone."""

_COMMAND = re.compile(r"[a-z.][\w./-]*")
"""What begins a command in the text: not ``Vary: Accept``, nor a sentence."""


@dataclass(frozen=True, slots=True)
class Use:
    """One command of a page, and the step that it is a part of."""

    step: Step
    command: Command


def names() -> list[str]:
    """All pages."""
    folders = (each for each in ROOT.iterdir() if each.is_dir() and each.name[0] != ".")
    found = [*ROOT.glob("*.md"), *(path for each in folders for path in each.rglob("*.md"))]
    pages = [path.relative_to(ROOT) for path in found if "build" not in path.parts]
    return sorted(str(page) for page in pages if not any(map(page.match, HISTORY)))


def text(name: str) -> str:
    """What a page says."""
    return (ROOT / name).read_text("utf-8")


@cache
def steps(name: str) -> tuple[Step, ...]:
    """The commands of a page as the shell gets them, blocks first; each knows what it prints."""
    return tuple(of(text(name)))


def of(page: str) -> Iterator[Step]:
    """The steps of a text, without what is no command and what a block has already."""
    endings = {command: block.text for command, block in outputs(page)}
    typed = set()
    for step in markdown.steps(page):
        if step.mentioned and (_is_prose(step) or step.text in typed):
            continue
        words = step.text.partition("#")[0].strip()
        typed.add(words)
        yield replace(step, said=step.said or endings.get(words, ""))


def outputs(page: str) -> Iterator[tuple[str, Block]]:
    """Commands whose output has a block of its own, below ``… `make demo` ends like this:``."""
    for block in markdown.blocks(page):
        if not block.language and block.before.endswith(":"):
            yield from ((command, block) for command in re.findall("`(.+?)`", block.before))


def diagrams(page: str) -> list[Block]:
    """Blocks of no language that show no output: they are drawings."""
    return [each for each in markdown.blocks(page) if not each.language and "──" in each.text]


def uses(name: str) -> list[Use]:
    """Every command of a page."""
    return [Use(step, command) for step in steps(name) for command in shell.commands(step.text)]


def rules(step: Step) -> list[Rule]:
    """How the commands of a step are checked."""
    return [rule_of(command) for command in shell.commands(step.text)]


def executed(name: str, *checks: Check) -> list[Step]:
    """The steps of a page that are executed: those all of whose commands can be."""
    return [step for step in steps(name) if {rule.check for rule in rules(step)} <= set(checks)]


def _is_prose(step: Step) -> bool:
    """Whether the words between backticks are no command: a setting, a header, a sentence."""
    words = next((each.words for each in shell.commands(step.text)), ("",))
    return not _COMMAND.fullmatch(words[0]) or words[1] == "="
