"""A synthetic next release: this code, with one more field in each message and document."""

import ast
import shutil
from pathlib import Path

from testing.compatibility.history import ROOT, Checkout, Release

FIELD = "next_field"
"""Name of the added field; its value is ``"next"``."""
MEMBERS = ("schemas", "checks", "chassis", "cloud", "access", "services")


def build_next_release(folder: Path) -> Checkout:
    """Copy this checkout into ``folder``, and add the field to its schemas."""
    for member in MEMBERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / member, folder / member, ignore=ignored)
    for module in ("events", "records"):
        path = folder / f"schemas/schemas/{module}.py"
        path.write_text(_add_field(path.read_text("utf-8")), "utf-8")
    return Checkout(Release("next"), folder)


def _add_field(source: str) -> str:
    """Return the source of a module whose models have the field in addition."""
    lines = source.splitlines()
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    for node in reversed(classes):
        if any(isinstance(statement, ast.AnnAssign) for statement in node.body):
            lines.insert(node.end_lineno or node.lineno, f'    {FIELD}: str = "next"')
    return "\n".join(lines) + "\n"
