"""Rules for the names of scripts: those in `.data/scripts`, and those of entry points."""

import re
from collections.abc import Iterable

from checks.archive.member_names import quote_name
from checks.filenames import ParsedName
from checks.findings import Findings
from checks.installation.installed_paths import PREFIX, SCRIPTS, find_installed_path
from checks.refusal import Reason, quote

_ENDINGS = (
    *("-script.py", "-script.pyw", ".exe", ".bat", ".cmd", ".com", ".ps1", ".sh", ".lnk"),
    *(".py", ".pyw", ".pyc", ".pyz", ".pyzw"),
)
"""Endings that a shell, or Windows, does not need to find the script."""
_MAX_ENDINGS = 3
_VERSION = r"(?:[-_]?[0-9][0-9.]*)?"
_INTERPRETER = re.compile(
    rf"(?:c?python|pypy)w?{_VERSION}[tdmuw]*(?:-config)?|pyw?{_VERSION}|pythonw?_d"
    r"|(?:de)?activate(?:\.[a-z]+|[_-]this)?"
)
"""Interpreters, the launcher, and the scripts of virtual environments."""
_INSTALLERS = {
    re.compile(rf"pip{_VERSION}"): "pip",
    re.compile(rf"easy[_-]install{_VERSION}"): "setuptools",
    re.compile("uv[xw]?"): "uv",
    re.compile(rf"(?:pipx|pipenv|poetry|pdm|hatch|conda|mamba|virtualenv){_VERSION}"): "",
    re.compile(rf"pyvenv{_VERSION}|ensurepip"): "python",
}
"""Installers, and the project of each; empty: the project with the name of the script."""
_MAX_WARNINGS = 4


def check_script_names(
    names: Iterable[str], entry_points: Iterable[str], name: ParsedName, findings: Findings
) -> None:
    """Warn about scripts with two sources, and scripts like an interpreter or an installer."""
    commands = {fold_script(script): script for script in entry_points}
    faults: list[str] = []
    for member in names:
        place = find_installed_path(member)
        is_script = place.directory == SCRIPTS and not member.endswith("/")
        if not is_script and (place.directory != PREFIX or "/" in place.path):
            continue
        script = fold_script(place.path)
        if is_script and script in commands:
            entry = f"the entry point {quote(commands[script])}"
            fault = f"{quote_name(member)} and {entry} are one script. Remove one of them."
            faults.append(fault)
        elif is_reserved(script, name.project) and (is_script or script != place.path.casefold()):
            faults.append(_describe(quote_name(member)))
        if len(faults) >= _MAX_WARNINGS:
            break
    faults += [
        _describe(f"entry_points.txt: {quote(written)}")
        for script, written in commands.items()
        if is_reserved(script, name.project)
    ]
    for fault in faults[: 2 * _MAX_WARNINGS]:
        findings.warn(Reason.SCRIPT_NAME, fault)


def fold_script(script: str) -> str:
    """Return the name by which a shell finds the script."""
    script = script.casefold().rstrip(". ")
    for _ in range(_MAX_ENDINGS):
        ending = next((ending for ending in _ENDINGS if script.endswith(ending)), "")
        script = (script.removesuffix(ending) or script).rstrip(". ")
    return script


def is_reserved(script: str, project: str) -> bool:
    """Return whether the folded name is that of an interpreter, or another project's installer."""
    if _INTERPRETER.fullmatch(script):
        return True
    for pattern, owner in _INSTALLERS.items():
        if pattern.fullmatch(script):
            return project not in (owner, script)
    return False


def _describe(script: str) -> str:
    return (
        f"{script} hides an interpreter or installer of the environment, or replaces it."
        " Choose another name for the script."
    )
