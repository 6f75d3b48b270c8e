"""Numbers of a package that its source tells: folders, functions, modules, imports."""

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
"""The member that is no part of the product."""

Imports = dict[str, set[str]]
"""The modules that each module imports."""


@dataclass(frozen=True)
class Module:
    """One file of a package."""

    name: str
    """With dots; a package's own is that of its ``__init__.py``."""
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
        """Lines of each function from its ``def``, without the docstring."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield _lines(node) - (_lines(node.body[0]) if ast.get_docstring(node) else 0)


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@dataclass(frozen=True)
class Package:
    """A package of the product."""

    name: str
    modules: tuple[Module, ...]

    def fullest_folder(self) -> tuple[int, str]:
        """The most modules in a folder, ``__init__.py`` left out, and which folder that is."""
        counts = Counter(
            str(module.path.parent.relative_to(ROOT))
            for module in self.modules
            if module.path.name != "__init__.py"
        )
        return max((count, folder) for folder, count in counts.items())

    def function_lengths(self) -> list[int]:
        return sorted(length for module in self.modules for length in module.function_lengths())

    def longest_module(self) -> tuple[int, str]:
        """Its lines and its name."""
        return max((module.lines, module.name) for module in self.modules)


def packages(root: Path = ROOT) -> list[Package]:
    """The packages of the product: of all members of the workspace but ``testing``."""
    workspace = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]
    members = [
        path
        for glob in workspace["workspace"]["members"]
        if glob != EQUIPMENT
        for path in sorted(root.glob(glob))
    ]
    tops = [top.parent for member in members for top in sorted(member.glob("*/__init__.py"))]
    return [Package(top.name, tuple(_modules(top))) for top in tops]


def _modules(top: Path) -> Iterator[Module]:
    for path in sorted(top.rglob("*.py")):
        parts = path.relative_to(top.parent).with_suffix("").parts
        yield Module(".".join(part for part in parts if part != "__init__"), path)


def percentile(values: list[int], share: float) -> int:
    """The smallest of the sorted values that is not below so many of them."""
    return values[math.ceil(len(values) * share) - 1]


def import_cycles(modules: list[Module]) -> list[list[str]]:
    """Groups of modules each of which imports all others of its group, be it through others."""
    graph = imports(modules)
    reached = {name: _reachable(name, graph) for name in graph}
    groups = {
        frozenset(other for other in others if name in reached[other])
        for name, others in reached.items()
        if name in others
    }
    return sorted(map(sorted, groups))


def _reachable(name: str, graph: Imports) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def imports(modules: list[Module]) -> Imports:
    """The imports among the modules, those for type checkers left out."""
    names = {module.name for module in modules}
    return {
        module.name: {found for each in _imported(module.tree) if (found := _module(each, names))}
        - {module.name}
        for module in modules
    }


def _imported(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield from _imported(child)


def _module(imported: str, names: set[str]) -> str | None:
    """The module that an imported name is, or is of."""
    if imported in names:
        return imported
    parent = imported.rpartition(".")[0]
    return parent if parent in names else None
