"""Explanations of names that end in `.whl` and are no valid names of wheels."""

import re

from packaging.tags import InvalidTag, parse_tag
from packaging.version import InvalidVersion, Version

from checks.refusal import quote

_FORM = "{name}-{version}[-{build}]-{python}-{abi}-{platform}.whl"
_PYTHON_TAG = re.compile(r"[a-z]+[0-9][a-z0-9_]*(\.[a-z]+[0-9][a-z0-9_]*)*")
_INTERPRETER = re.compile(r"(py|cp|pp|ip|jy|graalpy)[0-9][a-z0-9_.]*")
_BUILD = re.compile(r"[0-9].*")
_PLAIN_BUILD = re.compile(r"[0-9]+[a-z]*")
_VARIANT = re.compile(r"[0-9a-z_.]{1,16}")
_NAME = re.compile(r"[a-z0-9]+([-_.][a-z0-9]+)*", re.IGNORECASE)


def explain_wheel_name(filename: str) -> str:
    """Return the fault of an invalid name, and the corrected name or the form of one."""
    parts = filename.removesuffix(".whl").split("-")
    explanation = (
        _explain_variant(parts)
        or _explain_hyphen(parts)
        or _explain_count(parts)
        or _explain_name(parts)
        or _explain_version(parts)
        or _explain_build(parts)
        or _explain_tags(parts)
        or f"it is not of the form {_FORM}. Upload the file under the name of the build back end"
    )
    return f"{filename} is taken for a wheel, but {explanation}."


def suggest_version(version: str) -> str:
    """Return a PEP 440 version: the longest valid beginning, and the rest as its local label."""
    for end in range(len(version), 0, -1):
        if is_version(version[:end]):
            label = re.sub(r"[^a-z0-9]+", ".", version[end:].lower()).strip(".")
            separator = "." if "+" in version[:end] else "+"
            return str(Version(f"{version[:end]}{separator}{label}" if label else version[:end]))
    return "1.0"


def is_version(text: str) -> bool:
    """Return whether the text is a PEP 440 version."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _explain_hyphen(parts: list[str]) -> str | None:
    """Explain a hyphen in the project name: parts before the version that are no version."""
    index = _find_version(parts)
    if index is None or not _NAME.fullmatch("-".join(parts[:index])):
        return None
    wanted = "-".join(["_".join(parts[:index]), *parts[index:]])
    fault = f"the project name {'-'.join(parts[:index])} has a hyphen, which separates parts"
    return f"{fault}. Write _ for it: {wanted}.whl"


def _find_version(parts: list[str]) -> int | None:
    """Return the index of the version before an optional build number and three tags."""
    if len(parts) < 6 or not _PYTHON_TAG.fullmatch(parts[-3]):
        return None
    last = len(parts) - 4
    if last > 2 and is_version(parts[last - 1]) and _PLAIN_BUILD.fullmatch(parts[last]):
        return last - 1
    is_complete = last == 2 and is_version(parts[1])
    return last if is_version(parts[last]) and not is_complete else None


def _explain_variant(parts: list[str]) -> str | None:
    """Explain a variant label (PEP 825) after the platform tag."""
    if len(parts) not in (6, 7) or not is_version(parts[1]):
        return None
    if not _INTERPRETER.fullmatch(parts[-4]) or not _VARIANT.fullmatch(parts[-1]):
        return None
    fault = f"its last part {parts[-1]} is a variant label (PEP 825, a draft)"
    return f"{fault}. pip does not install such wheels: build one without a variant"


def _explain_count(parts: list[str]) -> str | None:
    if len(parts) in (5, 6):
        return None
    if len(parts) == 4 and not is_version(parts[1]) and _PYTHON_TAG.fullmatch(parts[1]):
        wanted = "-".join([parts[0], "1.0", *parts[1:]])
        return f"it has no version. Write the version after the name, as in {wanted}.whl"
    if len(parts) == 1:
        return f"it has no version and no tags. The form is {_FORM}"
    if len(parts) > 6:
        return f"it has {len(parts)} parts instead of five or six. The form is {_FORM}"
    present = "-".join(parts[:2]) if is_version(parts[1]) else f"{parts[0]}-1.0"
    fault = f"it has {len(parts)} parts instead of five or six"
    return f"{fault}. Name the tags, python, abi and platform, as in {present}-py3-none-any.whl"


def _explain_name(parts: list[str]) -> str | None:
    if _NAME.fullmatch(parts[0]):
        return None
    wanted = re.sub(r"[-_.]+", "_", re.sub(r"[^A-Za-z0-9._]", "", parts[0])).strip("_")
    if not wanted:
        return f"it has no project name. The form is {_FORM}"
    fault = f"{quote(parts[0])} is not a project name in escaped form"
    return f"{fault}. Write {'-'.join([wanted, *parts[1:]])}.whl"


def _explain_version(parts: list[str]) -> str | None:
    if is_version(parts[1]):
        return None
    fault = f"{quote(parts[1])} is not a PEP 440 version"
    return f"{fault}. Build with a version such as {suggest_version(parts[1])}"


def _explain_build(parts: list[str]) -> str | None:
    if len(parts) != 6 or _BUILD.fullmatch(parts[2]):
        return None
    fault = f"{quote(parts[2])} is in the place of the build number, which begins with a digit"
    version = suggest_version(f"{parts[1]}-{parts[2]}")
    return f"{fault}. Write 1{parts[2]}, or build with the version {version}"


def _explain_tags(parts: list[str]) -> str | None:
    tags = "-".join(parts[-3:])
    try:
        parse_tag(tags)
    except InvalidTag:
        fault = f"{quote(tags)} is not a tag of the form python-abi-platform"
        return f"{fault}. Write one as in py3-none-any"
    return None
