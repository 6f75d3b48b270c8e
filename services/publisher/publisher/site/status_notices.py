"""Notices on the status of a release, for the top of its page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from packaging.version import Version as ParsedVersion

from publisher.site.page_content import ReleaseContent
from publisher.site.release_files import ReleaseFile
from schemas.names import normalize_release
from schemas.records import Register, StatusRegister

_MEANINGS = {
    "quarantined": "The index serves no file of this project.",
    "archived": "The project gets no further releases.",
    "deprecated": "The project is obsolete; look for another one.",
}
"""Meanings of the status markers of PEP 792 for a user."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Notice on a release."""

    kind: str
    """Class of its style: ``danger``, ``warning`` or ``info``."""
    title: str
    text: str
    """Consequence for the user."""
    reason: str = ""
    """Reason in the words of the author; empty if none was given."""
    author: str = ""
    """Author of the command; empty without a command."""
    time: datetime | None = None
    """Time of the command; None without one."""


def list_notices(content: ReleaseContent, files: Sequence[ReleaseFile]) -> list[Notice]:
    """Return the notices of a release, the most important one first."""
    return [
        *_note_project_status(content),
        *_note_release_status(content),
        *_note_removal(files),
        *_note_yank(files),
        *_note_pre_release(content),
    ]


def name_author(issued_by: str | None) -> str:
    """Return the author of a command; a message on ``project-command`` has none."""
    return issued_by or "an operator"


def _note_project_status(content: ReleaseContent) -> Iterator[Notice]:
    status = content.record.status
    if status is not None and status.value != "active":
        kind = "danger" if status.value == "quarantined" else "warning"
        title = f"This project is {status.value}."
        yield _make_notice(kind, title, _MEANINGS[status.value], status)


def _note_release_status(content: ReleaseContent) -> Iterator[Notice]:
    status = content.record.release_status.get(normalize_release(content.version))
    if status is not None and status.value == "quarantined":
        text = "The index serves no file of this release."
        yield _make_notice("danger", "This release is quarantined.", text, status)


def _note_removal(files: Sequence[ReleaseFile]) -> Iterator[Notice]:
    if files and all(file.state == "removed" for file in files):
        text = "The index serves none of its files, and their names cannot be used again."
        yield _make_notice("danger", "This release is removed.", text, files[0].removal)


def _note_yank(files: Sequence[ReleaseFile]) -> Iterator[Notice]:
    offered = [file for file in files if file.state == "offered"]
    yanked = [file for file in offered if file.yank is not None]
    if yanked and len(yanked) == len(offered):
        text = "Installers take it only for an exact requirement such as ==."
        yield _make_notice("warning", "This release is yanked.", text, yanked[-1].yank)
    elif yanked:
        text = "Installers take them only for an exact requirement such as ==."
        title = f"{len(yanked)} of {len(offered)} files are yanked."
        yield _make_notice("warning", title, text, yanked[-1].yank)


def _note_pre_release(content: ReleaseContent) -> Iterator[Notice]:
    if ParsedVersion(content.version).is_prerelease:
        text = "Installers take it only if pre-releases are allowed or nothing else fits."
        yield Notice("info", "This is a pre-release.", text)


def _make_notice(
    kind: str, title: str, text: str, register: Register | StatusRegister | None
) -> Notice:
    if register is None:
        return Notice(kind, title, text)
    reason = register.reason or ""
    reason = "" if reason.casefold() in {"yanked", ""} else reason
    return Notice(kind, title, text, reason, name_author(register.issued_by), register.issued_at)
