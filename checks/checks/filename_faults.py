"""Explanations of refused file names: the kind of the file, the accepted kinds, the remedy."""

import re

from packaging.utils import canonicalize_name
from packaging.version import Version

from checks.refusal import quote
from checks.wheel_name_faults import explain_wheel_name, is_version, suggest_version
from schemas.names import (
    InvalidFilename,
    ProjectName,
    escape_project,
    parse_filename,
    try_normalize_project,
)

_ACCEPTED = "This index accepts wheels (.whl) and sdists (.tar.gz)"

_COMPANIONS = {
    ".asc": "a PGP signature",
    ".sig": "a signature",
    ".minisig": "a signature",
    ".sigstore": "a signature (Sigstore)",
    ".sigstore.json": "a signature (Sigstore)",
    ".attestation": "an attestation (PEP 740)",
    ".provenance": "a provenance file (PEP 740)",
    ".md5": "a checksum",
    ".sha256": "a checksum",
    ".sha512": "a checksum",
}
"""Suffixes of files that belong to a distribution file, behind its whole name."""

_SDISTS = (
    ".tar.bz2",
    ".tar.lz",
    ".tar.lzma",
    ".tar.xz",
    ".tar.zst",
    ".tar.z",
    ".tar",
    ".tbz2",
    ".tbz",
    ".txz",
    ".zip",
    ".7z",
)
"""Suffixes of sdists in formats other than that of PEP 625."""

_OTHERS = {
    ".egg": ("an egg", "pip and uv do not install eggs"),
    ".exe": ("a Windows installer", "pip and uv do not execute installers"),
    ".msi": ("a Windows installer", "pip and uv do not execute installers"),
    ".dmg": ("a macOS disk image", "pip and uv do not install it"),
    ".pkg": ("a macOS installer", "pip and uv do not execute installers"),
    ".rpm": ("an RPM package", "it belongs in an RPM repository"),
    ".deb": ("a Debian package", "it belongs in a Debian repository"),
    ".conda": ("a conda package", "it belongs in a conda channel"),
    ".pex": ("a Python application archive", "pip and uv do not install it"),
    ".pyz": ("a Python application archive", "pip and uv do not install it"),
}
"""Suffixes of other packages, with the kind of the file and the reason of the refusal."""

_ARCHIVES = re.compile(
    r"(?P<stem>.+)(?P<suffix>\.whl|\.tar\.gz|\.tgz|"
    + "|".join(re.escape(suffix) for suffix in (*_SDISTS, *_OTHERS))
    + r")",
    re.IGNORECASE,
)


def explain_filename(filename: str) -> str:
    """Explain an invalid name: the kind of the file, the accepted kinds and the remedy."""
    lower = filename.lower()
    if filename.endswith(".whl"):
        return explain_wheel_name(filename)
    if lower.endswith((".whl", ".tar.gz")):
        return _explain_case(filename)
    if companion := _explain_companion(filename, lower):
        return companion
    if lower.endswith("-variants.json"):
        fault = "is taken for an index of wheel variants (PEP 825, a draft)"
        return f"{filename} {fault}. {_ACCEPTED}: upload wheels without a variant."
    archive = _ARCHIVES.fullmatch(filename)
    if archive is None:
        fault = "is neither a wheel nor an sdist"
        return f"{filename} {fault}. {_ACCEPTED}: upload only files of python -m build."
    return _explain_archive(filename, archive["stem"], archive["suffix"].lower())


def explain_characters(filename: str) -> str:
    """Return the fault of a name with a character that no distribution file has."""
    if not filename[:1].isalnum():
        begun = filename.lstrip("-_.+!")
        remedy = f"Write {begun}" if _is_valid(begun) else "Write {name}-{version} before the rest"
        return f"{filename!a}: a file name begins with a letter or a digit. {remedy}."
    wrong = re.search(r"[^A-Za-z0-9._+!-]", filename)
    fault = f"{quote(wrong[0])} is in the name" if wrong else "the name is not valid"
    return f"{filename!a}: {fault}. Use only letters, digits and -_.+!"


def explain_sdist_name(filename: str) -> str:
    """Return the fault of an invalid name that ends in `.tar.gz`, and the remedy."""
    name, version = _split_invalid(filename.removesuffix(".tar.gz"))
    project = escape_project(ProjectName(canonicalize_name(name))).strip("_")
    if version is None:
        fault = "it has no version"
        remedy = f"Write {project or '{name}'}-{{version}}.tar.gz, as in acme-1.0.tar.gz"
    elif is_version(version):
        fault = f"{quote(name)} is not a valid project name"
        remedy = f"Build it as {project or '{name}'}-{Version(version)}.tar.gz"
    else:
        fault = f"{quote(version)} is not a PEP 440 version"
        wanted = f"{project or '{name}'}-{suggest_version(version)}.tar.gz"
        remedy = f"Build with a valid version, for example {wanted}"
    return f"{filename} is taken for an sdist, but {fault}. {remedy}."


def suggest_sdist_name(stem: str) -> str:
    """Return the file name of PEP 625 for a stem; a pattern if the stem has no valid version."""
    try:
        project, version = parse_filename(f"{stem}.tar.gz")
    except InvalidFilename:
        project = try_normalize_project(stem) or ProjectName("{name}")
        return f"{escape_project(project)}-{{version}}.tar.gz"
    return f"{escape_project(project)}-{version}.tar.gz"


def _split_invalid(stem: str) -> tuple[str, str | None]:
    """Split at the last hyphen before a digit, else at the last hyphen."""
    at = max((match.start() for match in re.finditer("-(?=[0-9])", stem)), default=stem.rfind("-"))
    return (stem, None) if at < 0 else (stem[:at], stem[at + 1 :])


def _explain_case(filename: str) -> str:
    length = 4 if filename.lower().endswith(".whl") else 7
    stem, suffix = filename[:-length], filename[-length:]
    kind = "a wheel" if length == 4 else "an sdist"
    fault = f"is taken for {kind}, but its suffix {suffix} is not in lower case"
    return (
        f"{filename} {fault}. Only {suffix.lower()} is accepted:"
        f" rename the file to {stem}{suffix.lower()}."
    )


def _explain_companion(filename: str, lower: str) -> str | None:
    if lower.endswith(".metadata"):
        fault = "is taken for core metadata (PEP 658); the index extracts it from the file itself"
        return f"{filename} {fault}. {_ACCEPTED}: upload only {filename[: -len('.metadata')]}."
    for suffix, kind in _COMPANIONS.items():
        if lower.endswith(suffix):
            base = filename[: -len(suffix)]
            if lower.endswith(".publish.attestation"):
                base = filename[: -len(".publish.attestation")]
            return (
                f"{filename} is taken for {kind}, and this index stores none."
                f" It accepts wheels (.whl) and sdists (.tar.gz): upload only {_name(base)}."
            )
    return None


def _name(base: str) -> str:
    """Return the file of a companion, if the base is the name of one."""
    return base if base.lower().endswith((".whl", ".tar.gz")) else "the distribution file"


def _explain_archive(filename: str, stem: str, suffix: str) -> str:
    if suffix in _OTHERS:
        kind, reason = _OTHERS[suffix]
        remedy = "build a wheel with python -m build --wheel"
        return f"{filename} is taken for {kind}: {reason}. {_ACCEPTED}: {remedy}."
    if stem.lower().endswith((".whl", ".tar.gz")):
        return f"{filename} is taken for an archive of {stem}. {_ACCEPTED}: upload {stem} itself."
    if _is_valid(f"{stem}.whl"):
        fault = f"is taken for a wheel with the suffix {suffix}"
        return f"{filename} {fault}. Wheels are accepted only as .whl: rename it to {stem}.whl."
    wanted = suggest_sdist_name(stem)
    if suffix == ".tgz":
        fault = "is taken for an sdist with the suffix .tgz"
        remedy = f"rename the file to {wanted}"
    else:
        fault = f"is taken for an sdist in the format {suffix}"
        remedy = f"build {wanted} with python -m build --sdist"
    return f"{filename} {fault}. Sdists are accepted only as .tar.gz (PEP 625): {remedy}."


def _is_valid(filename: str) -> bool:
    try:
        parse_filename(filename)
    except InvalidFilename:
        return False
    return True
