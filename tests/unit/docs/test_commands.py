"""Rules for all commands of README and docs, and the checks without an execution.

The rules are in ``tests/documented/rules.py``. ``e2e/test_documented_locally.py`` executes the
commands that can run locally.
"""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import PurePosixPath

import pytest

from documented import doc_pages
from documented.cli_parser import InvalidCommandLineError, parse_command_line
from documented.rules import Check, UnclassifiedCommandError, find_rule
from offline_checks import commands as deploy_check
from offline_checks import shell
from offline_checks.markdown import PLACEHOLDER, fill_placeholders
from offline_checks.shell import Command

TESTS = doc_pages.ROOT / "tests"


def list_commands(check: Check) -> list[Command]:
    """List all commands with one check, each once."""
    found = (
        use.command for name in doc_pages.list_pages() for use in doc_pages.list_commands(name)
    )
    return list(dict.fromkeys(each for each in found if has_check(each, check)))


def has_check(command: Command, check: Check) -> bool:
    """Return whether a command has a check; ``test_every_command_has_a_check`` reports no rule."""
    try:
        return find_rule(command).check is check
    except UnclassifiedCommandError:
        return False


def run(
    *words: str, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        words, env=environment, cwd=doc_pages.ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", doc_pages.list_pages())
def test_every_command_has_a_check(name: str) -> None:
    unknown = []
    for use in doc_pages.list_commands(name):
        try:
            find_rule(use.command)
        except UnclassifiedCommandError as error:
            unknown.append(f"{name}:{use.step.line}: {error}")
    assert not unknown, "tests/documented/rules.py has no rule for:\n" + "\n".join(unknown)


@pytest.mark.parametrize(
    ("page", "unknown"),
    [
        ("```console\n$ devpi upload dist/*\n```", "devpi upload dist/*"),
        ("```sh\nexport A=1\nfor n in *; do\n  frobnicate $n\ndone\n```", "for n in *"),
        ("   ```bash\n   sudo rm -rf /\n   ```", "sudo rm -rf /"),
        ("Then `docker compose up` starts it.", "docker compose up"),
        ("Look with `make demo $(frobnicate --now)`.", "frobnicate --now"),
    ],
)
def test_a_command_without_a_rule_is_an_error(page: str, unknown: str) -> None:
    *_, step = doc_pages.parse_steps(page)
    with pytest.raises(UnclassifiedCommandError, match=f"^{re.escape(unknown)}$"):
        doc_pages.find_rules(step)


@pytest.mark.parametrize("name", doc_pages.list_pages())
def test_bash_parses_every_step(name: str) -> None:
    done = run(
        "bash",
        "-n",
        "-c",
        "\n".join(fill_placeholders(step.text) for step in doc_pages.list_steps(name)),
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_check_deploy_parses_every_command_that_needs_a_cloud() -> None:
    checked = {path for pattern in deploy_check.FILES for path in doc_pages.ROOT.glob(pattern)}
    missed = []
    for name in doc_pages.list_pages():
        known = [
            (program, *arguments)
            for program in ("gcloud", "terraform")
            for _, arguments in deploy_check.find_in_page(program, name, doc_pages.read_page(name))
            if doc_pages.ROOT / name in checked
        ]
        of_page = [use.command for use in doc_pages.list_commands(name)]
        needing = [each.words for each in of_page if has_check(each, Check.PARSED)]
        missed += [f"{name}: {shlex.join(words)}" for words in needing if words not in known]
    assert not missed


def find_targets(name: str) -> list[str]:
    """List the targets of ``make name``; ``name-…`` means all targets with this beginning."""
    start = name.removesuffix(PLACEHOLDER)
    known = re.findall(
        r"^([a-z-]+):", (doc_pages.ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    return [each for each in known if each == name or (start != name and each.startswith(start))]


def test_the_makefile_has_every_target() -> None:
    wanted = {command.words[1] for command in list_commands(Check.PLANNED)}
    assert "bench" in wanted
    targets = {name: find_targets(name) for name in wanted}
    assert [name for name, found in targets.items() if not found] == []
    done = run("make", "--dry-run", *sorted(chain.from_iterable(targets.values())))
    assert done.returncode == 0, done.stderr


def is_python(command: Command) -> bool:
    return PurePosixPath(command.words[0]).name == "python" and command.words[1:2] == ("-m",)


def test_every_python_command_names_the_environment() -> None:
    """The command then works as typed, without an activated environment."""
    uses = [use.command for name in doc_pages.list_pages() for use in doc_pages.list_commands(name)]
    assert [use.words for use in uses if use.words[0] == "python"] == []


def is_benchmark(command: Command) -> bool:
    return command.words[2].startswith("benchmarks.")


def parse_module(command: Command) -> list[str]:
    """Return module and arguments of ``python -m …`` or ``make bench ARGS=…``."""
    if command.words[:2] == ("make", "bench"):
        return f"benchmarks.{command.words[2].removeprefix('ARGS=')}".split()
    program, option, *rest = command.words
    assert (PurePosixPath(program).name, option) == ("python", "-m")
    return rest


PRINT_HELP = """
import contextlib, io, json, runpy, sys
helps = []
for module, *words in json.load(sys.stdin):
    sys.argv = [module, *words, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as output:
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            assert not end.code, sys.argv
    helps.append(output.getvalue())
json.dump(helps, sys.stdout)
"""


def read_help(*programs: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    """Return the help of modules with subcommands; one process runs all of them."""
    command = [sys.executable, "-W", "error", "-c", PRINT_HELP]
    done = subprocess.run(
        command, cwd=doc_pages.ROOT, input=json.dumps(programs), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(programs, json.loads(done.stdout), strict=True))


def test_help_has_every_option_of_long_commands() -> None:
    parsed = {command: parse_module(command) for command in list_commands(Check.HELP)}
    programs = {
        command: tuple(words[: 2 if words[0] == "local" else 1])
        for command, words in parsed.items()
    }
    own = sorted(set(programs.values()) - {("pytest",)})
    helps = read_help(*own) | read_help(("pytest",))  # no other program imports plugins of pytest
    for command, (_, *options) in parsed.items():
        flags = {option.partition("=")[0] for option in options if option.startswith("-")}
        assert flags <= set(re.findall(r"--?[a-z-]+", helps[programs[command]])), command
        paths = [option for option in options if option.startswith("tests/")]
        assert all((doc_pages.ROOT / path).exists() for path in paths), command


def list_own_programs() -> Iterator[tuple[str, ...]]:
    """Yield the arguments of gcpypi's programs that are not executed, without ``python``."""
    for command in list_commands(Check.ARGUMENTS):
        yield (*find_rule(command).more.split()[1:], *command.words)
    for name in doc_pages.list_pages():
        for step in set(doc_pages.list_steps(name)) - set(doc_pages.select_steps(name, Check.RUN)):
            for command in shell.split_commands(step.text):
                if is_python(command) and not (
                    is_benchmark(command) or has_check(command, Check.HELP)
                ):
                    yield command.words[1:]


def test_our_programs_accept_the_arguments_that_are_only_mentioned() -> None:
    for arguments in set(list_own_programs()):
        done = run(sys.executable, "-W", "error", *arguments, environment={})
        # Arguments are parsed before settings: if they are valid, a missing setting is the error.
        assert (done.returncode, "setting GCP_PROJECT: " in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("name", doc_pages.list_pages())
def test_gcpypi_accepts_every_command_line(name: str) -> None:
    for use in doc_pages.list_commands(name):
        program, *words = use.command.words
        if PurePosixPath(program).name == "gcpypi":
            parse_command_line(words, is_mention=use.step.is_mention)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("chekc dist/", "No such command 'chekc'"),
        ("check --strickt dist/", "No such option: --strickt"),
        ("check", "Missing argument"),
        ("check --index-url", "No such option"),
    ],
)
def test_gcpypi_does_not_accept_an_unknown_or_incomplete_command(words: str, message: str) -> None:
    with pytest.raises(InvalidCommandLineError, match=message):
        parse_command_line(words.split())


def test_a_mention_of_a_command_can_leave_out_its_arguments_but_has_no_unknown_option() -> None:
    parse_command_line(["check"], is_mention=True)
    with pytest.raises(InvalidCommandLineError):
        parse_command_line(["check", "--strickt"], is_mention=True)


def test_a_command_of_another_test_is_in_that_test() -> None:
    for command in list_commands(Check.OTHER_TEST):
        test = (TESTS / find_rule(command).more).read_text("utf-8")
        words = [word for word in command.words[1:] if word != "-m"]
        assert words[0] in test, shlex.join(command.words)
