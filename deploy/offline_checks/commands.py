"""Check of the arguments of all ``gcloud`` and ``terraform`` commands of scripts and docs."""

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
"""Mark of a command in the text of a page; such a command may lack arguments."""
INCOMPLETE = "Usage: "
"""First word of gcloud's message if an argument is missing and all given ones are correct."""

LocatedCommand = tuple[str, list[str]]
"""Location of a command, and its arguments."""


def find_problems(root: Path) -> list[str]:
    """Return the wrong commands of the repository at ``root``."""
    printed = [(shlex.join(run), print_dry_run(root, run)) for run in DRY_RUNS]
    gcloud = [*_find_in_files(root, "gcloud"), *_find_in_texts("gcloud", printed)]
    terraform = [*_find_in_files(root, "terraform"), *_find_in_texts("terraform", printed)]
    return [*_check_gcloud(gcloud), *_check_terraform(terraform)]


def print_dry_run(root: Path, command: Sequence[str]) -> str:
    """Return the commands that a script prints; pass ``--project=x`` to it as ``--project x``."""
    arguments = [part for argument in command[1:] for part in argument.split("=", 1)]
    done = subprocess.run(  # noqa: S603 - our own script, which only prints
        ["bash", str(root / command[0]), *arguments],  # noqa: S607 - found on PATH, as for a user
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _find_in_files(root: Path, program: str) -> Iterator[LocatedCommand]:
    for pattern in FILES:
        for path in sorted(root.glob(pattern)):
            name = str(path.relative_to(root))
            if path.suffix == ".md":
                yield from find_in_page(program, name, path.read_text("utf-8"))
            else:
                for arguments in command_lines.find_in_file(program, path):
                    yield name, arguments


def find_in_page(program: str, name: str, page: str) -> Iterator[LocatedCommand]:
    """Yield the commands of one program on a Markdown page, like tests/documented."""
    for step in markdown.find_steps(page):
        location = f"{name}:{step.line}{MENTIONED if step.is_mention else ''}"
        for command in shell.split_commands(step.text):
            if command.words[0] == program:
                yield location, list(command.words[1:])


def _find_in_texts(program: str, texts: Sequence[tuple[str, str]]) -> Iterator[LocatedCommand]:
    for location, text in texts:
        for arguments in command_lines.find_in_shell(program, text):
            yield location, arguments


def _check_gcloud(commands: Sequence[LocatedCommand]) -> Iterator[str]:
    """Parse the commands with gcloud's own parser."""
    if not commands:
        yield "no gcloud command found: run the check in the folder of the repository"
        return
    sdk = Path(_capture_output("gcloud", "info", "--format=value(installation.sdk_root)"))
    python = _capture_output("gcloud", "info", "--format=value(basic.python_location)")
    answer = subprocess.run(  # noqa: S603 - gcloud's own Python
        [python, "-S", str(Path(__file__).with_name("gcloud_parser.py")), str(sdk)],
        input=json.dumps([arguments for _, arguments in commands]),
        capture_output=True,
        text=True,
        check=True,
    )
    for (location, arguments), problem in zip(commands, json.loads(answer.stdout), strict=True):
        if problem and not (location.endswith(MENTIONED) and problem.startswith(INCOMPLETE)):
            yield f"{location}: gcloud {shlex.join(arguments)}: {problem}"


def _check_terraform(commands: Sequence[LocatedCommand]) -> Iterator[str]:
    """Compare the commands with Terraform's help: Terraform cannot parse without execution."""
    for location, arguments in commands:
        words = [word for word in arguments if not word.startswith("-chdir=")]
        flags = [word.partition("=")[0] for word in words if word.startswith("-")]
        command = words[0] if words else ""
        if command not in {*_list_terraform_commands(), markdown.PLACEHOLDER}:
            yield f"{location}: terraform {shlex.join(words)}: no such command"
        elif unknown := [flag for flag in flags if flag not in _list_terraform_flags(command)]:
            yield f"{location}: terraform {shlex.join(words)}: no such argument {unknown[0]}"


@cache
def _list_terraform_commands() -> frozenset[str]:
    text = _capture_output("terraform", "-help")
    return frozenset(re.findall(r"^  ([a-z-]+) {2,}", text, re.M))


@cache
def _list_terraform_flags(command: str) -> frozenset[str]:
    """Return the flags of a command; apply and destroy also accept those of plan."""
    commands = {"apply": ("apply", "plan"), "destroy": ("apply", "plan")}.get(command, (command,))
    texts = [_capture_output("terraform", each, "-help") for each in commands]
    return frozenset(flag for text in texts for flag in re.findall(r"^ +(-[a-z-]+)", text, re.M))


def _capture_output(*command: str) -> str:
    done = subprocess.run(  # noqa: S603 - help and installation data of gcloud and terraform
        command, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
