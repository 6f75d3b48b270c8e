"""The shell that types what pages say sees what goes wrong, and remembers what it was told."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from documented.session import Done, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with Shell(tmp_path, {"PATH": os.environ["PATH"]}, tmp_path) as opened:
        yield opened


def test_variables_and_functions_are_there_in_the_next_step(shell: Shell) -> None:
    shell.run("NAME=ada")
    shell.run('greet() {\n  echo "hello $1"\n}')
    assert shell.run('greet "$NAME"') == Done(0, "hello ada\n")


def test_what_is_not_exported_is_not_in_a_programs_environment(shell: Shell) -> None:
    shell.run("NAME=ada")
    assert shell.run("printenv NAME") == Done(1, "")


def test_a_failure_anywhere_in_a_pipeline_is_one(shell: Shell) -> None:
    assert shell.run("false | cat").code == 1
    assert shell.run("gcpypi-has-no-such-program").code == 127


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Saved ./gcpypi_schemas-0.1.0-py3-none-any.whl", True),
        ("verify: 17 differences", True),
        ("verify: no differences", True),
        ("Saved ./gcpypi_ingest-0.1.0-py3-none-any.whl", False),
        ("differences: verify", False),
    ],
)
def test_a_line_is_shown_if_its_words_are_in_order(line: str, shown: bool) -> None:
    printed = "verify: no differences\nSaved ./gcpypi_schemas-2.0-py3-none-any.whl in 3 ms\n"
    assert Done(0, printed).shows(line) is shown
