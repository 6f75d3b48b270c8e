"""Clients, their tests, and their limitations.

The expected table is in ``docs/conformance.md``. ``make test-clients`` prints the actual table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clients.installers import Installer

CLIENTS = (
    Installer("pip", "pip==20.3.4", python="3.9"),
    Installer("pip", "pip==22.3.1"),
    Installer("pip", "pip==23.0.1"),
    Installer("pip", "pip==26.1"),
    Installer("pip", "pip"),
    Installer("uv", "uv"),
    Installer("poetry", "poetry"),
    # With the dependencies of its release: it does not run with the newest ones.
    Installer("pdm", "pdm[locked]"),
    Installer("pipx", "pipx"),
    Installer("pip-audit", "pip-audit"),
)

CASES = {
    "test_a_project_is_installed_with_what_it_requires": "install",
    "test_a_lock_file_has_digests_and_no_credentials": "lock",
    "test_a_warm_install_fetches_no_file_again": "install again, warm",
    "test_a_yanked_version_is_installed_if_it_is_pinned": "yanked",
    "test_a_removed_version_is_not_to_be_had": "removed",
    "test_a_quarantined_project_offers_nothing": "quarantined",
    "test_a_missing_project_is_not_to_be_had": "missing",
    "test_a_local_version_is_found_behind_its_encoded_address": "local version",
    "test_an_sdist_for_another_python_is_passed_over": "sdist for another Python",
    "test_with_a_wrong_token_nothing_is_installed": "wrong token",
    "test_with_an_expired_token_nothing_is_installed": "expired token",
    "test_a_project_out_of_scope_is_not_to_be_had": "out of scope",
    "test_a_project_in_scope_is": "in scope",
    "test_a_digest_that_is_required_is_checked": "required hash",
    "test_a_cut_off_date_hides_what_came_later": "cut-off date",
}
"""Tests of all clients, and the title of each in the table."""


@dataclass(frozen=True)
class Cannot:
    """Limitation: the reason that a client skips or fails a test."""

    reason: str
    ask: tuple[str, ...] = ()
    """Arguments that print a help text without ``word``. Without arguments, the test must fail."""
    word: str = ""


_NO_LOCK = Cannot("has no `lock` command", ("--help",), "lock")
_NO_CUT_OFF = Cannot("has no `--uploaded-prior-to`", ("install", "--help"), "--uploaded-prior-to")

CANNOT = {
    ("pip==20.3.4", "lock"): _NO_LOCK,
    ("pip==22.3.1", "lock"): _NO_LOCK,
    ("pip==23.0.1", "lock"): _NO_LOCK,
    ("pipx", "lock"): _NO_LOCK,
    ("pip-audit", "lock"): _NO_LOCK,
    ("pip==20.3.4", "cut-off date"): _NO_CUT_OFF,
    ("pip==22.3.1", "cut-off date"): _NO_CUT_OFF,
    ("pip==23.0.1", "cut-off date"): _NO_CUT_OFF,
    ("pip-audit", "cut-off date"): Cannot(
        "has no option for it", ("--help",), "--uploaded-prior-to"
    ),
    ("pdm[locked]", "install again, warm"): Cannot(
        "fetches the file again: its cache (hishel) acts as a shared one, and such a cache must "
        "not store a `private` response (RFC 9111 §5.2.2.7)"
    ),
}
"""Limitations by requirement of the client and case."""

NAMES = tuple(client.requirement for client in CLIENTS)
"""Requirements of the clients."""

Cells = Mapping[tuple[str, str], str]
"""Results by requirement of the client and case: empty for a pass, or the reason."""


def expect_cells() -> dict[tuple[str, str], str]:
    """Return the expected results."""
    pairs = [(client.requirement, case) for client in CLIENTS for case in CASES.values()]
    return {pair: CANNOT[pair].reason if pair in CANNOT else "" for pair in pairs}


def render_table(
    cells: Cells,
    names: Sequence[str] = NAMES,
    cases: Sequence[str] = tuple(CASES.values()),
) -> str:
    """Render the cells in Markdown: ``yes``, or the number of a reason below.

    :param names: requirements of the clients.
    """
    ordered = [cells.get((name, case)) for case in cases for name in names]
    reasons = list(dict.fromkeys(filter(None, ordered)))
    rows = [["", *(name.replace("==", " ").removesuffix("[locked]") for name in names)]]
    rows.append(["---", *[":---:"] * len(names)])
    for case in cases:
        results = [cells.get((name, case)) for name in names]
        rows.append([case, *(_render_cell(one, reasons) for one in results)])
    lines = [f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows]
    notes = [f"{number}. {reason}" for number, reason in enumerate(reasons, 1)]
    return "\n".join([*lines, "", *notes, ""])


def _render_cell(reason: str | None, reasons: list[str]) -> str:
    if reason is None:
        return "not run"
    return f"no ({reasons.index(reason) + 1})" if reason else "yes"
