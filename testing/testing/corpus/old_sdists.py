"""Sdists of old build tools: names before PEP 625, PKG-INFO before 2.2."""

from checks.policy import Policy
from checks.refusal import Reason
from testing.corpus.case import make_oddity, make_refusal
from testing.corpus.tarball import Tar, pack_tar

DISTUTILS = (
    "Summary: UNKNOWN",
    "Home-page: UNKNOWN",
    "Author: UNKNOWN",
    "License: UNKNOWN",
    "Description: UNKNOWN",
    "Platform: UNKNOWN",
)
"""Fields of a PKG-INFO by distutils without any arguments."""
METADATA_VERSION = "sdist-metadata: PKG-INFO has Metadata-Version"
SPELLING = "sdist-filename: {}: the normalised form is"


def make_legacy_sdist(
    directory: str,
    name: str = "acme",
    version: str = "1.0",
    metadata_version: str | None = "1.0",
    fields: tuple[str, ...] = DISTUTILS,
) -> bytes:
    """Return an sdist of distutils; None for one without a Metadata-Version."""
    first = () if metadata_version is None else (f"Metadata-Version: {metadata_version}",)
    lines = (*first, f"Name: {name}", f"Version: {version}", *fields)
    pkg_info = "".join(f"{line}\n" for line in lines).encode()
    setup = b"from setuptools import setup\nsetup()\n"
    return pack_tar(
        Tar(f"{directory}/PKG-INFO".encode(), pkg_info),
        Tar(f"{directory}/setup.py".encode(), setup),
    )


def _make_spelling(stem: str, name: str, version: str = "1.0") -> tuple[str, bytes]:
    return f"{stem}.tar.gz", make_legacy_sdist(stem, name, version, "2.2", ())


LEGACY_REFUSALS = [
    make_refusal(reason, title, detail, build, filename=filename)
    for title, reason, detail, filename, build in (
        (
            "another split of the name in PKG-INFO",
            Reason.SDIST_FILENAME,
            "Build it as a-1.post2.tar.gz",
            *_make_spelling("a-1-2", "a", "1-2"),
        ),
        (
            "a legacy name of another project",
            Reason.SDIST_METADATA,
            "Name evil",
            *_make_spelling("My-Pkg-1.0", "evil"),
        ),
        (
            "a legacy name of another version",
            Reason.SDIST_METADATA,
            "Version 1.1",
            *_make_spelling("My-Pkg-1.0", "My-Pkg", "1.1"),
        ),
        (
            "an old PKG-INFO of another project",
            Reason.SDIST_METADATA,
            "Name evil",
            "acme-1.0.tar.gz",
            make_legacy_sdist("acme-1.0", "evil"),
        ),
        (
            "an old PKG-INFO of an unknown major version",
            Reason.SDIST_METADATA,
            "Metadata-Version is '0.9'",
            "acme-1.0.tar.gz",
            make_legacy_sdist("acme-1.0", metadata_version="0.9"),
        ),
    )
] + [
    make_refusal(
        Reason.SDIST_METADATA,
        "an old PKG-INFO, where the policy is strict",
        "Metadata-Version 1.0",
        make_legacy_sdist("acme-1.0"),
        filename="acme-1.0.tar.gz",
        policy=Policy(strict=True),
    )
]

LEGACY_ODDITIES = [
    make_oddity(
        f"PKG-INFO of {version}",
        make_legacy_sdist("acme-1.0", metadata_version=version),
        filename="acme-1.0.tar.gz",
        warnings=(f"{METADATA_VERSION} {version}; before 2.2",),
    )
    for version in ("1.0", "1.1", "1.2", "2.1")
] + [
    make_oddity(
        "PKG-INFO of 2.0, which was never final",
        make_legacy_sdist("acme-1.0", metadata_version="2.0"),
        filename="acme-1.0.tar.gz",
        warnings=(f"{METADATA_VERSION} 2.0; before 2.2", "sdist-metadata: core metadata: '2.0' is"),
    ),
    make_oddity(
        "PKG-INFO without a metadata version",
        make_legacy_sdist("acme-1.0", metadata_version=None),
        filename="acme-1.0.tar.gz",
        warnings=(
            "sdist-metadata: PKG-INFO has no Metadata-Version and is read as 1.0; before 2.2",
        ),
    ),
    make_oddity(
        "PKG-INFO with nothing but name and version",
        make_legacy_sdist("acme-1.0", metadata_version=None, fields=()),
        filename="acme-1.0.tar.gz",
        warnings=(
            "sdist-metadata: PKG-INFO has no Metadata-Version and is read as 1.0; before 2.2",
        ),
    ),
    make_oddity(
        "PKG-INFO without a metadata version, with a description",
        make_legacy_sdist("acme-1.0", metadata_version=None, fields=("", "Metadata-Version: 9")),
        filename="acme-1.0.tar.gz",
        warnings=(
            "sdist-metadata: PKG-INFO has no Metadata-Version and is read as 1.0; before 2.2",
            "sdist-metadata: core metadata: line 5 is 'Metadata-Version: 9', but the blank line 4",
        ),
    ),
    make_oddity(
        "a legacy sdist name with an old PKG-INFO",
        make_legacy_sdist("My-Pkg-1.0", "My-Pkg"),
        filename="My-Pkg-1.0.tar.gz",
        warnings=(SPELLING.format("My-Pkg-1.0.tar.gz"), METADATA_VERSION),
    ),
]
LEGACY_ODDITIES += [
    make_oddity(
        f"the sdist name {stem}",
        _make_spelling(stem, name, version)[1],
        filename=f"{stem}.tar.gz",
        warnings=(SPELLING.format(f"{stem}.tar.gz"),),
    )
    for stem, name, version in (
        ("My-Pkg-1.0", "My-Pkg", "1.0"),
        ("my.pkg-1.0", "my.pkg", "1.0"),
        ("my-pkg-1.0", "my_pkg", "1.0.0"),
        ("acme-01.0", "acme", "01.0"),
        ("acme-1.0-beta", "acme", "1.0-beta"),
        ("acme-2013b", "acme", "2013b"),
        ("a-1-2", "a-1", "2"),
    )
]
