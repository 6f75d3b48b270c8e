"""Print measurements of the product's code; exit with 1 if one exceeds its limit.

    make structure

Rooms are the modules in which a request calls a function. The traces are of a page that the proxy
has in memory, and of one file on its way through the services. Tests are counted as functions
named ``test_…``, and as the node ids that pytest collects.
"""

import argparse
import sys
from statistics import median

from testing.structure import suite
from testing.structure.entered_modules import trace_requests
from testing.structure.source_code import (
    Package,
    find_import_cycles,
    find_packages,
    find_percentile,
)

LIMITS = {"folder": 14, "p90": 17, "module": 230}
"""Modules in a folder, 90th percentile of the lines of a function, lines of a module."""


def main() -> int:
    """Print the tables; return 1 if a measurement exceeds its limit."""
    parser = argparse.ArgumentParser(prog="python -m testing.structure", description=__doc__)
    for name, limit in LIMITS.items():
        parser.add_argument(f"--{name}", type=int, default=limit, help=f"default: {limit}")
    parser.add_argument("--rooms", action="store_true", help="name the modules that are entered")
    limits = parser.parse_args()
    found = find_packages()
    excesses = _print_packages(found, limits)
    excesses += _print_imports(found)
    _print_entered_modules(found, limits.rooms)
    _print_suite()
    print("\n" + ("\n".join(["OVER THE LIMIT:", *excesses]) if excesses else "within all limits"))
    return 1 if excesses else 0


def _print_packages(found: list[Package], limits: argparse.Namespace) -> list[str]:
    print("| package | modules in the fullest folder | function median | p90 | longest module |")
    print("|---|---|---:|---:|---|")
    excesses = []
    total = Package("all", tuple(module for each in found for module in each.modules))
    for package in (*found, total):
        (count, folder), (lines, longest) = package.fullest_folder(), package.longest_module()
        lengths = package.function_lengths()
        p90 = find_percentile(lengths, 0.9)
        print(
            f"| {package.name} | {count} ({folder}) | {median(lengths):g} | {p90}"
            f" | {lines} ({longest}) |"
        )
        excesses += [f"{package.name}: p90 of functions {p90}"] if p90 > limits.p90 else []
        if package is total:
            continue
        excesses += [f"{folder}: {count} modules"] if count > limits.folder else []
        excesses += [
            f"{module.name}: {module.lines} lines"
            for module in package.modules
            if module.lines > limits.module
        ]
    return excesses


def _print_imports(found: list[Package]) -> list[str]:
    cycles = find_import_cycles([module for package in found for module in package.modules])
    print(f"\nimport cycles: {len(cycles)}")
    return [f"import cycle: {', '.join(cycle)}" for cycle in cycles]


def _print_entered_modules(found: list[Package], by_name: bool) -> None:
    print("\n| traced | rooms |\n|---|---:|")
    entered = trace_requests(found)
    for request, names in entered.items():
        print(f"| {request} | {len(names)} |")
    if by_name:
        for request, names in entered.items():
            print(f"\n{request}: {', '.join(names)}")


def _print_suite() -> None:
    modules = suite.parse_tests()
    print("\n| tests | |\n|---|---:|")
    print(f"| test functions | {suite.count_functions(modules)} |")
    print(f"| collected node ids | {suite.count_node_ids()} |")
    print(f"| assertions | {suite.count_assertions(modules)} |")


if __name__ == "__main__":
    sys.exit(main())
