"""State and failures of the shell that runs the steps of a page."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from documented.session import Shell, StepResult


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with Shell(tmp_path, {"PATH": os.environ["PATH"]}, tmp_path) as opened:
        yield opened


def test_variables_and_functions_are_kept_for_the_next_step(shell: Shell) -> None:
    shell.run("NAME=ada")
    shell.run('greet() {\n  echo "hello $1"\n}')
    assert shell.run('greet "$NAME"') == StepResult(0, "hello ada\n")


def test_a_variable_without_export_is_not_in_the_environment_of_a_program(shell: Shell) -> None:
    shell.run("NAME=ada")
    assert shell.run("printenv NAME") == StepResult(1, "")


def test_a_failure_within_a_pipeline_is_a_failure(shell: Shell) -> None:
    assert shell.run("false | cat").code == 1
    assert shell.run("gcpypi-has-no-such-program").code == 127


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Saved ./gcpypi_schemas-0.2.0-py3-none-any.whl", True),
        ("verify: 17 differences", True),
        ("verify: no differences", True),
        ("Saved ./gcpypi_ingest-0.2.0-py3-none-any.whl", False),
        ("differences: verify", False),
    ],
)
def test_a_line_is_found_if_its_words_are_in_order(line: str, expected: bool) -> None:
    printed = "verify: no differences\nSaved ./gcpypi_schemas-2.0-py3-none-any.whl in 3 ms\n"
    assert StepResult(0, printed).has_line(line) is expected
