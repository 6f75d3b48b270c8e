"""Remove each safeguard in a copy of the tree; exit with 1 if its tests stay green.

    python -m testing.safeguards [NAME…]

The tests of a row run first. If they stay green, the wider tests of the table run. Print a row for
each safeguard: its name, the first red test, and the seconds of the runs.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence

from testing.processes import exit_at_sigterm
from testing.safeguards.safeguard_table import TABLE, OutdatedRow, Safeguard, read_table
from testing.safeguards.working_copy import TestRun, WorkingCopy, copy_working_tree


def main() -> int:
    """Print the table; return 1 if a row has no red test, 2 if the unchanged code has one."""
    exit_at_sigterm()  # remove the copy after SIGTERM too
    table = read_table()
    chosen = _choose(table.safeguards)
    with copy_working_tree() as copy:
        if problem := _check_unchanged(copy, chosen):
            print(problem, file=sys.stderr)
            return 2
        print("| safeguard | red test | seconds |\n|---|---|---:|", flush=True)
        problems = list(_check_rows(copy, chosen, table.wider))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _choose(safeguards: Sequence[Safeguard]) -> Sequence[Safeguard]:
    names = {each.name: each for each in safeguards}
    parser = argparse.ArgumentParser(prog="python -m testing.safeguards", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"of {', '.join(names)}; default: all")
    wanted = parser.parse_args().name
    if unknown := sorted(set(wanted) - names.keys()):
        parser.error(f"{TABLE} has no safeguard {', '.join(unknown)}")
    return [names[name] for name in wanted] or safeguards


def _check_unchanged(copy: WorkingCopy, safeguards: Sequence[Safeguard]) -> str | None:
    """Run the tests of all rows on unchanged code: a test that is red before proves nothing."""
    run = copy.run_tests(sorted({test for each in safeguards for test in each.tests}))
    if run.red or run.problem:
        return f"{run.red or run.problem}: red on unchanged code: mend it, then repeat the command"
    return None


def _check_rows(
    copy: WorkingCopy, safeguards: Sequence[Safeguard], wider: Sequence[str]
) -> Iterator[str]:
    """Print a row for each safeguard; yield an error for each row without a red test."""
    for each in safeguards:
        try:
            run = _check_row(copy, each, wider)
        except OutdatedRow as error:
            yield str(error)
            continue
        shown = f"`{run.red}`" if run.red else f"none {run.problem}".strip()
        print(f"| {each.name} | {shown} | {run.seconds:.1f} |", flush=True)
        if run.red is None:
            yield (
                f"no test becomes red without safeguard {each.name} ({run.problem or 'green'}): "
                f"write one, and name it in the row {each.name} of {TABLE}"
            )


def _check_row(copy: WorkingCopy, safeguard: Safeguard, wider: Sequence[str]) -> TestRun:
    with copy.replace_text(safeguard.file, safeguard.remove(copy.folder)):
        first = copy.run_tests(safeguard.tests)
        if first.red or first.problem:
            return first
        second = copy.run_tests(wider)
    return TestRun(second.red, first.seconds + second.seconds, second.problem)


if __name__ == "__main__":
    sys.exit(main())
