"""Whether every ``gcloud`` and ``terraform`` command of scripts and docs could be parsed."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from offline_checks import command_lines, markdown, shell

FILES = (
    "README.md",
    "docs/**/*.md",
    "deploy/*.md",
    "deploy/install",
    "deploy/uninstall",
    "deploy/commands.sh",
    "examples/*",
    "cloudbuild.yaml",
)
_PLACE = ("--project=acme-packages", "--region=europe-west1", "--dry-run")
DRY_RUNS = (
    ("deploy/install", *_PLACE, "--tag=1"),
    ("deploy/install", *_PLACE, "--tag=1", "--rebuild", "--yes", "--token=ada"),
    ("deploy/uninstall", *_PLACE),
    ("deploy/uninstall", *_PLACE, "--yes", "--delete-data"),
)

MENTIONED = " (mentioned)"
"""Marks a command in the text of a page, which may be without what it is to be applied to."""
INCOMPLETE = "Usage: "
"""What gcloud's parser says first where something is missing, and nothing is wrong."""

Command = tuple[str, list[str]]
"""Where it stands, and its arguments."""


def problems(root: Path) -> list[str]:
    """What is wrong with the commands of the project at ``root``."""
    printed = [(shlex.join(run), dry_run(root, run)) for run in DRY_RUNS]
    gcloud = [*_in_files(root, "gcloud"), *_in_texts("gcloud", printed)]
    terraform = [*_in_files(root, "terraform"), *_in_texts("terraform", printed)]
    return [*_gcloud(gcloud), *_terraform(terraform)]


def dry_run(root: Path, command: Sequence[str]) -> str:
    """What a script of ours would do: ``--project=x`` is what it takes as ``--project x``."""
    arguments = [part for argument in command[1:] for part in argument.split("=", 1)]
    done = subprocess.run(  # noqa: S603 - the project's own script, which only prints
        ["bash", str(root / command[0]), *arguments],  # noqa: S607 - as a user calls it
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _in_files(root: Path, program: str) -> Iterator[Command]:
    for pattern in FILES:
        for path in sorted(root.glob(pattern)):
            name = str(path.relative_to(root))
            if path.suffix == ".md":
                yield from in_page(program, name, path.read_text("utf-8"))
            else:
                yield from ((name, arguments) for arguments in command_lines.of(program, path))


def in_page(program: str, name: str, page: str) -> Iterator[Command]:
    """Yield the commands of one program on a Markdown page, as tests/documented finds them too."""
    for step in markdown.steps(page):
        where = f"{name}:{step.line}{MENTIONED if step.mentioned else ''}"
        for command in shell.commands(step.text):
            if command.words[0] == program:
                yield where, list(command.words[1:])


def _in_texts(program: str, texts: Sequence[tuple[str, str]]) -> Iterator[Command]:
    for where, text in texts:
        for arguments in command_lines.in_shell(program, text):
            yield where, arguments


def _gcloud(commands: Sequence[Command]) -> Iterator[str]:
    """Have them parsed by gcloud itself."""
    if not commands:
        yield "no gcloud command was found: is this the right folder?"
        return
    sdk = Path(_output("gcloud", "info", "--format=value(installation.sdk_root)"))
    python = _output("gcloud", "info", "--format=value(basic.python_location)")
    answer = subprocess.run(  # noqa: S603 - gcloud's own Python
        [python, "-S", str(Path(__file__).with_name("gcloud_parser.py")), str(sdk)],
        input=json.dumps([arguments for _, arguments in commands]),
        capture_output=True,
        text=True,
        check=True,
    )
    for (where, arguments), problem in zip(commands, json.loads(answer.stdout), strict=True):
        if problem and not (where.endswith(MENTIONED) and problem.startswith(INCOMPLETE)):
            yield f"{where}: gcloud {shlex.join(arguments)}: {problem}"


def _terraform(commands: Sequence[Command]) -> Iterator[str]:
    """Compare them with what Terraform's help says: it has no other way to parse without doing."""
    for where, arguments in commands:
        words = [word for word in arguments if not word.startswith("-chdir=")]
        flags = [word.partition("=")[0] for word in words if word.startswith("-")]
        command = words[0] if words else ""
        if command not in {*_terraform_commands(), markdown.PLACEHOLDER}:
            yield f"{where}: terraform {shlex.join(words)}: no such command"
        elif unknown := [flag for flag in flags if flag not in _terraform_flags(command)]:
            yield f"{where}: terraform {shlex.join(words)}: no such argument {unknown[0]}"


@cache
def _terraform_commands() -> frozenset[str]:
    return frozenset(re.findall(r"^  ([a-z-]+) {2,}", _output("terraform", "-help"), re.M))


@cache
def _terraform_flags(command: str) -> frozenset[str]:
    """The flags of a command; those of plan also go for apply and destroy."""
    commands = {"apply": ("apply", "plan"), "destroy": ("apply", "plan")}.get(command, (command,))
    texts = [_output("terraform", each, "-help") for each in commands]
    return frozenset(flag for text in texts for flag in re.findall(r"^ +(-[a-z-]+)", text, re.M))


def _output(*command: str) -> str:
    done = subprocess.run(  # noqa: S603 - gcloud and terraform, asked about themselves
        command, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
