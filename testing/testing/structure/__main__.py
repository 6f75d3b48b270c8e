"""Print the shape of the product's code; exit with 1 if it is over a limit.

    make structure

Rooms are the modules in which a request calls a function; the traces are of a page that the proxy
has in memory, and of one file on its way through the services. Tests are functions called
``test_…``, and the node ids that pytest collects.
"""

import argparse
import sys
from statistics import median

from testing.structure import suite
from testing.structure.rooms import rooms
from testing.structure.source import Package, import_cycles, packages, percentile

LIMITS = {"folder": 14, "p90": 17, "module": 230}
"""Modules in a folder, lines of nine functions in ten, lines of a module. Cycles: none."""


def main() -> int:
    """Print the tables; return 1 if a limit is broken."""
    parser = argparse.ArgumentParser(prog="python -m testing.structure", description=__doc__)
    for name, limit in LIMITS.items():
        parser.add_argument(f"--{name}", type=int, default=limit, help=f"default: {limit}")
    parser.add_argument("--rooms", action="store_true", help="name the modules that are entered")
    limits = parser.parse_args()
    found = packages()
    broken = _print_packages(found, limits)
    broken += _print_imports(found)
    _print_rooms(found, limits.rooms)
    _print_suite()
    print("\n" + ("\n".join(["OVER THE LIMIT:", *broken]) if broken else "within all limits"))
    return 1 if broken else 0


def _print_packages(found: list[Package], limits: argparse.Namespace) -> list[str]:
    print("| package | modules in the fullest folder | function median | p90 | longest module |")
    print("|---|---|---:|---:|---|")
    broken = []
    everything = Package("all", tuple(module for each in found for module in each.modules))
    for package in (*found, everything):
        (count, folder), (lines, longest) = package.fullest_folder(), package.longest_module()
        lengths = package.function_lengths()
        p90 = percentile(lengths, 0.9)
        print(
            f"| {package.name} | {count} ({folder}) | {median(lengths):g} | {p90}"
            f" | {lines} ({longest}) |"
        )
        broken += [f"{package.name}: p90 of functions {p90}"] if p90 > limits.p90 else []
        if package is everything:
            continue
        broken += [f"{folder}: {count} modules"] if count > limits.folder else []
        broken += [
            f"{module.name}: {module.lines} lines"
            for module in package.modules
            if module.lines > limits.module
        ]
    return broken


def _print_imports(found: list[Package]) -> list[str]:
    cycles = import_cycles([module for package in found for module in package.modules])
    print(f"\nimport cycles: {len(cycles)}")
    return [f"import cycle: {', '.join(cycle)}" for cycle in cycles]


def _print_rooms(found: list[Package], by_name: bool) -> None:
    print("\n| traced | rooms |\n|---|---:|")
    entered = rooms(found)
    for what, names in entered.items():
        print(f"| {what} | {len(names)} |")
    if by_name:
        for what, names in entered.items():
            print(f"\n{what}: {', '.join(names)}")


def _print_suite() -> None:
    modules = suite.trees()
    print("\n| tests | |\n|---|---:|")
    print(f"| test functions | {suite.functions(modules)} |")
    print(f"| collected node ids | {suite.node_ids()} |")
    print(f"| assertions | {suite.assertions(modules)} |")


if __name__ == "__main__":
    sys.exit(main())
