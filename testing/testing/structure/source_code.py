"""Measurements of a package from its source: folders, functions, modules, imports."""

import ast
import math
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[3]
EQUIPMENT = "testing"
"""The workspace member that is not part of the product."""

Imports = dict[str, set[str]]
"""Imported modules by importing module."""


@dataclass(frozen=True)
class Module:
    """One file of a package."""

    name: str
    """Dotted name; an ``__init__.py`` has the name of its package."""
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    def function_lengths(self) -> Iterator[int]:
        """Yield the number of lines of each function from its ``def``, without the docstring."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                docstring = _count_lines(node.body[0]) if ast.get_docstring(node) else 0
                yield _count_lines(node) - docstring


def _count_lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@dataclass(frozen=True)
class Package:
    """A package of the product."""

    name: str
    modules: tuple[Module, ...]

    def fullest_folder(self) -> tuple[int, str]:
        """Return the size and path of the folder with most modules; ignore ``__init__.py``."""
        counts = Counter(
            str(module.path.parent.relative_to(ROOT))
            for module in self.modules
            if module.path.name != "__init__.py"
        )
        return max((count, folder) for folder, count in counts.items())

    def function_lengths(self) -> list[int]:
        return sorted(length for module in self.modules for length in module.function_lengths())

    def longest_module(self) -> tuple[int, str]:
        """Return the lines and the name of the longest module."""
        return max((module.lines, module.name) for module in self.modules)


def find_packages(root: Path = ROOT) -> list[Package]:
    """Return the packages of the product: all members of the workspace except ``testing``."""
    workspace = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]
    members = [
        path
        for glob in workspace["workspace"]["members"]
        if glob != EQUIPMENT
        for path in sorted(root.glob(glob))
    ]
    tops = [top.parent for member in members for top in sorted(member.glob("*/__init__.py"))]
    return [Package(top.name, tuple(_find_modules(top))) for top in tops]


def _find_modules(top: Path) -> Iterator[Module]:
    for path in sorted(top.rglob("*.py")):
        parts = path.relative_to(top.parent).with_suffix("").parts
        yield Module(".".join(part for part in parts if part != "__init__"), path)


def find_percentile(values: list[int], share: float) -> int:
    """Return the smallest of the sorted values that is not below ``share`` of them."""
    return values[math.ceil(len(values) * share) - 1]


def find_import_cycles(modules: list[Module]) -> list[list[str]]:
    """Return groups of modules that all import one another, directly or indirectly."""
    graph = find_imports(modules)
    reached = {name: _find_reachable(name, graph) for name in graph}
    groups = {
        frozenset(other for other in others if name in reached[other])
        for name, others in reached.items()
        if name in others
    }
    return sorted(map(sorted, groups))


def _find_reachable(name: str, graph: Imports) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def find_imports(modules: list[Module]) -> Imports:
    """Return the imports among the modules, without those for type checkers."""
    names = {module.name for module in modules}
    return {
        module.name: {
            found
            for each in _find_imported_names(module.tree)
            if (found := _find_module(each, names))
        }
        - {module.name}
        for module in modules
    }


def _find_imported_names(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield from _find_imported_names(child)


def _find_module(imported: str, names: set[str]) -> str | None:
    """Return the module with the imported name, or the module that contains it."""
    if imported in names:
        return imported
    parent = imported.rpartition(".")[0]
    return parent if parent in names else None
