"""Cases of the publishing tools, and their limitations.

The expected table is in ``docs/publish.md``. ``make test-clients`` prints the actual table.
"""

from collections.abc import Mapping

from clients.matrix import Cannot, render_table
from clients.publishing_tools import FLIT, HATCH, TOOLS, TWINE_7

CASES = {
    "test_a_new_file_is_installable_when_the_tool_ends": "new file",
    "test_the_same_file_again_is_no_error": "same file again",
    "test_other_bytes_are_a_conflict": "other bytes: refused",
    "test_a_refused_file_has_its_reason_in_the_output": "refused file: reason shown",
    "test_a_wrong_password_publishes_nothing": "wrong password: refused",
    "test_a_token_of_another_project_publishes_nothing": "token of another project: refused",
    "test_a_wheel_and_an_sdist_are_published_together": "wheel and sdist",
    "test_a_wheel_of_300_mib_is_published": "wheel of 300 MiB",
    "test_a_readme_of_500_kb_is_published": "README of 500 kB",
    "test_an_existing_file_is_skipped": "skip existing files",
}
"""Tests of all tools, and the title of each in the table."""

_NO_SKIP = "has no option for it; the same bytes are no error"
CANNOT: Mapping[tuple[str, str], Cannot] = {
    (TWINE_7.requirement, "skip existing files"): Cannot(
        "has the option for the public index only; the same bytes are no error"
    ),
    (HATCH.requirement, "refused file: reason shown"): Cannot(
        "prints only the status of the response; the access log of the service has the reason"
    ),
    (HATCH.requirement, "skip existing files"): Cannot(
        _NO_SKIP, ("publish", "--help"), "--skip-existing"
    ),
    (FLIT.requirement, "skip existing files"): Cannot(
        _NO_SKIP, ("publish", "--help"), "--skip-existing"
    ),
}
"""Limitations by requirement of the tool and case."""

NAMES = tuple(tool.requirement for tool in TOOLS)


def expect_cells() -> dict[tuple[str, str], str]:
    """Return the expected results."""
    pairs = [(name, case) for name in NAMES for case in CASES.values()]
    return {pair: CANNOT[pair].reason if pair in CANNOT else "" for pair in pairs}


def render_tools(cells: Mapping[tuple[str, str], str]) -> str:
    """Render the results in Markdown."""
    return render_table(cells, NAMES, tuple(CASES.values()))
