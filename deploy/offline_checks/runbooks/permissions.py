"""Check that each command of the runbooks can be executed by the role that the text names.

The role is the operator, unless the text names the owner in the paragraph of the command, or in the
paragraph before or after its block. The words are "as an owner", "only an owner", "an owner can"
and "an owner does". The last one in the introduction of a chapter covers all its sections.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from offline_checks import markdown, shell
from offline_checks.markdown import ShellStep
from offline_checks.planned_resource import PlannedResource
from offline_checks.runbooks.needs import list_needs
from offline_checks.runbooks.operator_grants import Grant, list_grants

PAGES = ("commands.md", "migrate.md", "operate.md", "security.md", "tokens.md", "upgrade.md")
OPERATORS = "group:operators@example.com"
"""Operators of deploy/terraform/tests/root.tftest.hcl."""

_OWNER = re.compile(r"\b(?:as|only)\s+an\s+owner\b|\bAn\s+owner\s+(?:can|does)\b", re.IGNORECASE)
_BUCKET = re.compile(r"\$\{?(\w+)_BUCKET\}?")
_PROGRAM = re.compile(r"[a-z.\[][\w./-]*\[?")
_CHAPTER_OWNER = re.compile(r"\bAn\s+owner\s+does\b")
_CHAPTER = re.compile(r"^## ", re.MULTILINE)
_HEADING = re.compile(r"^#{2,} ", re.MULTILINE)
_PARAGRAPHS = re.compile(r"\n\s*\n")
_FENCED = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)


def find_problems(resources: Iterable[PlannedResource], docs: Path) -> Iterator[str]:
    """Yield the unknown commands, and those with a wrong role."""
    granted = list_grants(resources, OPERATORS)
    for name in PAGES:
        yield from check_page(name, (docs / name).read_text("utf-8"), granted)


def check_page(name: str, page: str, granted: frozenset[Grant]) -> Iterator[str]:
    """Yield the problems of one page.

    :param granted: rights of the operators.
    """
    for step in markdown.find_steps(page):
        needs: list[Grant] = []
        for words in _split_commands(step):
            found = list_needs(words)
            if found is None:
                yield f"{name}:{step.line}: unknown command in runbooks/needs.py: {' '.join(words)}"
            needs += found or ()
        yield from _check_role(f"{name}:{step.line}", step, page, needs, granted)


def _check_role(
    place: str, step: ShellStep, page: str, needs: list[Grant], granted: frozenset[Grant]
) -> Iterator[str]:
    """Yield the rights that operators lack; an owner has all rights."""
    if not _names_owner(step, page):
        for permission, resource in needs:
            if (permission, resource) not in granted:
                command = step.text.partition("\n")[0]
                yield f"{place}: operators lack {permission} on {resource}: {command}"


def _split_commands(step: ShellStep) -> Iterator[list[str]]:
    """Yield the words of all commands of a step; nothing for prose between backticks."""
    text = _BUCKET.sub(lambda match: match[1].lower(), step.text)
    commands = [list(command.words) for command in shell.split_commands(text)]
    if step.is_mention and commands and _is_prose(commands[0]):
        return
    for program, *rest in commands:
        yield [PurePosixPath(program).name if "/bin/" in program else program, *rest]


def _is_prose(words: list[str]) -> bool:
    return not _PROGRAM.fullmatch(words[0]) or words[1:2] == ["="]


def _names_owner(step: ShellStep, page: str) -> bool:
    """Return whether the text near a step, or the introduction of its chapter, names an owner."""
    before = "".join(page.splitlines(keepends=True)[: step.line]).rstrip("\n")
    if _CHAPTER_OWNER.search(_HEADING.split(_CHAPTER.split(before)[-1])[0]):
        return True
    section = _HEADING.split(before)[-1]
    rest = page[len(before) :]
    if not step.is_mention:
        rest = rest.partition("```\n")[2].lstrip("\n")
    near = "\n\n".join(_PARAGRAPHS.split(_FENCED.sub("", section).rstrip())[-2:])
    return _OWNER.search(near + rest.partition("\n\n")[0]) is not None
