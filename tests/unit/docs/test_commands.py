"""Every command of README and docs has a check; those that are not executed are tried here.

``tests/documented/rules.py`` says which is whose. What can run locally is executed by
``e2e/test_documented.py``.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from documented import pages
from documented.rules import Check, Unclassified, rule_of
from offline_checks import commands as deploy_check
from offline_checks import shell
from offline_checks.markdown import PLACEHOLDER, filled
from offline_checks.shell import Command

TESTS = pages.ROOT / "tests"


def commands(check: Check) -> list[Command]:
    """All commands that are checked in one way, each once."""
    found = (use.command for name in pages.names() for use in pages.uses(name))
    return list(dict.fromkeys(each for each in found if is_checked(each, check)))


def is_checked(command: Command, check: Check) -> bool:
    """Whether that is how it is checked; what is checked in no way is one test's matter."""
    try:
        return rule_of(command).check is check
    except Unclassified:
        return False


def run(
    *words: str, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        words, env=environment, cwd=pages.ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", pages.names())
def test_every_command_has_a_check(name: str) -> None:
    unknown = []
    for use in pages.uses(name):
        try:
            rule_of(use.command)
        except Unclassified as error:
            unknown.append(f"{name}:{use.step.line}: {error}")
    assert not unknown, "tests/documented/rules.py says nothing of:\n" + "\n".join(unknown)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("```console\n$ gcpypi publish dist/*\n```", "gcpypi publish dist/*"),
        ("```sh\nexport A=1\nfor n in *; do\n  frobnicate $n\ndone\n```", "for n in *"),
        ("   ```bash\n   sudo rm -rf /\n   ```", "sudo rm -rf /"),
        ("Then `docker compose up` starts it.", "docker compose up"),
        ("Look with `make demo $(frobnicate --now)`.", "frobnicate --now"),
    ],
)
def test_a_command_without_a_rule_is_an_error(page: str, said: str) -> None:
    *_, step = pages.of(page)
    with pytest.raises(Unclassified, match=f"^{re.escape(said)}$"):
        pages.rules(step)


@pytest.mark.parametrize("name", pages.names())
def test_the_shell_takes_every_step(name: str) -> None:
    done = run("bash", "-n", "-c", "\n".join(filled(step.text) for step in pages.steps(name)))
    assert (done.returncode, done.stderr) == (0, "")


def test_check_deploy_parses_every_command_that_needs_a_cloud() -> None:
    covered = {path for pattern in deploy_check.FILES for path in pages.ROOT.glob(pattern)}
    missed = []
    for name in pages.names():
        known = [
            (program, *arguments)
            for program in ("gcloud", "terraform")
            for _, arguments in deploy_check.in_page(program, name, pages.text(name))
            if pages.ROOT / name in covered
        ]
        of_page = [use.command for use in pages.uses(name)]
        needing = [each.words for each in of_page if is_checked(each, Check.PARSED)]
        missed += [f"{name}: {shlex.join(words)}" for words in needing if words not in known]
    assert not missed


def targets(name: str) -> list[str]:
    """What ``make name`` makes; ``name-…`` stands for all that begin so."""
    start = name.removesuffix(PLACEHOLDER)
    known = re.findall(r"^([a-z-]+):", (pages.ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    return [each for each in known if each == name or (start != name and each.startswith(start))]


def test_make_knows_how_to_make_every_target() -> None:
    wanted = {command.words[1] for command in commands(Check.PLANNED)}
    assert "bench" in wanted
    for name in wanted:
        assert targets(name), f"make {name}"
        for target in targets(name):
            done = run("make", "--dry-run", target)
            assert done.returncode == 0, done.stderr


def is_benchmark(command: Command) -> bool:
    return command.words[2].startswith("benchmarks.")


def benchmark(command: Command) -> list[str]:
    """The module and the options of ``python -m benchmarks.…``, or of ``make bench ARGS=…``."""
    if command.words[:2] == ("make", "bench"):
        return f"benchmarks.{command.words[2].removeprefix('ARGS=')}".split()
    assert command.words[:2] == ("python", "-m")
    assert is_benchmark(command)
    return list(command.words[2:])


def test_help_has_every_option_of_what_takes_long() -> None:
    for command in commands(Check.HELP):
        module, *options = benchmark(command)
        done = run(sys.executable, "-W", "error", "-m", module, "--help")
        assert done.returncode == 0, f"{command}: {done.stderr}"
        flags = {option for option in options if option.startswith("-")}
        assert flags <= set(re.findall(r"--?[a-z-]+", done.stdout))


def ours() -> Iterator[tuple[str, ...]]:
    """The arguments of our own programs that are not executed, without their ``python``."""
    for command in commands(Check.ARGUMENTS):
        yield (*rule_of(command).more.split()[1:], *command.words)
    for name in pages.names():
        for step in set(pages.steps(name)) - set(pages.executed(name, Check.RUN, Check.LATER)):
            for command in shell.commands(step.text):
                if command.words[:2] == ("python", "-m") and not is_benchmark(command):
                    yield command.words[1:]


def test_our_programs_take_the_arguments_that_are_only_mentioned() -> None:
    for arguments in set(ours()):
        done = run(sys.executable, "-W", "error", *arguments, environment={})
        # Arguments come first: whoever has none to object to asks for the settings.
        assert (done.returncode, "PROJECT: " in done.stderr) == (1, True), done.stderr


def test_what_is_executed_elsewhere_is_executed_there() -> None:
    for command in commands(Check.ELSEWHERE):
        test = (TESTS / rule_of(command).more).read_text("utf-8")
        words = [word for word in command.words[1:] if word != "-m"]
        assert words[0] in test, shlex.join(command.words)
