"""Merging of a recipe into an existing file, as functions of the two texts."""

import json
import re
from collections.abc import Iterable, Mapping
from configparser import ConfigParser, Error

import tomlkit
from tomlkit.exceptions import TOMLKitError

_COMMANDS = ("install", "download", "wheel")
"""Sections of pip that precede ``[global]``, of the commands that use an index."""


class CannotMerge(Exception):
    """File that cannot take the settings. The message has the cause and the remedy."""


def merge_pip_conf(present: str, wanted: str) -> str:
    """Set ``index-url`` in ``[global]``, and keep all other lines.

    :raises CannotMerge: if the file is not readable, or has a second index.
    """
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = _normalize_option  # type: ignore[method-assign, assignment] # documented
    try:
        parser.read_string(present)
    except Error as error:
        raise CannotMerge(f"it is not a file of pip ({error.message}): correct it") from error
    _require_one_index(parser)
    head, line = wanted.splitlines()
    if not parser.has_section("global"):
        return f"{present}{_separate(present)}{wanted}"
    if parser.has_option("global", "index-url"):
        name = "(?i:index[-_]url)"
        pattern = rf"^(\[global\].*(?:\n(?!\[).*)*?\n){name}[ \t]*[=:].*(?:\n[ \t]+\S.*)*"
        return re.sub(pattern, lambda found: f"{found[1]}{line}", present, count=1, flags=re.M)
    return re.sub(r"^\[global\].*$", f"{head}\n{line}", present, count=1, flags=re.MULTILINE)


def _require_one_index(parser: ConfigParser) -> None:
    """Raise :class:`CannotMerge` for an option that would add or prefer another index."""
    for section in ("global", *_COMMANDS):
        if parser.has_option(section, "extra-index-url"):
            raise CannotMerge(
                "it has an extra-index-url, and pip takes the highest version from both indexes: "
                "remove that line"
            )
    for section in _COMMANDS:
        if parser.has_option(section, "index-url"):
            raise CannotMerge(
                f"it has an index-url in [{section}], which precedes that in [global]: remove that "
                "line"
            )


def _normalize_option(name: str) -> str:
    """Return the name of an option in the spelling that pip uses: lower case, with hyphens."""
    return name.lower().replace("_", "-")


def merge_toml(present: str, wanted: str) -> str:
    """Add an entry to an array of tables, or replace the values of the entry of the same name.

    Comments and the order of all other lines stay.

    :param wanted: one entry, for example of ``[[tool.uv.index]]``.
    :raises CannotMerge: if the file is not TOML, or has another default index.
    """
    [(tool, kinds)] = tomlkit.parse(wanted).unwrap()["tool"].items()
    [(kind, [entry])] = kinds.items()
    try:
        document = tomlkit.parse(present)
        entries = document.get("tool", {}).get(tool, {}).get(kind, [])
        _require_no_other_default(entries, entry)
        same = [each for each in entries if each.get("name") == entry["name"]]
        for each in same:
            each.update(entry)
        merged = document.as_string() if same else f"{present}{_separate(present)}{wanted}"
        tomlkit.parse(merged)
    except (TOMLKitError, AttributeError) as error:
        raise CannotMerge(f"it cannot take [[tool.{tool}.{kind}]] ({error}): correct it") from error
    return merged


def _require_no_other_default(
    entries: Iterable[Mapping[str, object]], entry: Mapping[str, object]
) -> None:
    for each in entries:
        if entry.get("default") and each.get("default") and each.get("name") != entry["name"]:
            raise CannotMerge(
                f"it has another default index, {each.get('name')}: remove that, because a project "
                "has one"
            )


def merge_json(present: str, wanted: str) -> str:
    """Add the rules in ``wanted`` to the lists of the same name, unless they are there.

    A rule for the same host or the same data source is replaced.

    :raises CannotMerge: if the file is not a JSON object with lists.
    """
    try:
        document = json.loads(present or "{}")
    except ValueError as error:
        raise CannotMerge(f"it is not JSON ({error}): add the rules yourself") from error
    for name, rules in json.loads(wanted).items():
        if not isinstance(document, dict) or not isinstance(document.get(name, []), list):
            raise CannotMerge(f"{name} is not a list: add the rules yourself")
        for rule in rules:
            kept = [each for each in document.get(name, []) if not _is_same_rule(each, rule)]
            document[name] = [*kept, rule]
    indent = re.search(r"^[ \t]+", present, re.MULTILINE)
    return json.dumps(document, indent=indent[0] if indent else 2, ensure_ascii=False) + "\n"


def _is_same_rule(present: object, wanted: dict[str, object]) -> bool:
    key = "matchHost" if "matchHost" in wanted else "matchDatasources"
    if not isinstance(present, dict) or present.get(key) != wanted[key]:
        return False
    return set(present) <= set(wanted)


def _separate(present: str) -> str:
    """Return the newlines between the present content and a new section."""
    if not present:
        return ""
    return "\n" if present.endswith("\n") else "\n\n"
