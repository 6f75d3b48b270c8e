"""Feed of a project: releases, yanks and removals (``projects/<project>/feed.xml``)."""

from collections.abc import Iterator
from urllib.parse import quote, urljoin

from publisher.render.atom import MAX_ENTRIES, FeedEntry, render_feed
from schemas.names import ProjectName, Version
from schemas.records import FileRecord, ProjectRecord, Register, Registers
from schemas.releases import find_release
from schemas.web_layout import locate_web_pages

UNKNOWN_AUTHOR = "an operator"
"""Author of a command without a recorded author: a message on ``project-command``."""


def render_project_feed(record: ProjectRecord, index_url: str | None = None) -> bytes:
    """Render the feed of a project from its record.

    :param index_url: address of the index, ending in ``/simple/``; None: URLs are relative.
    """
    home = urljoin(index_url, f"../{locate_web_pages(record.project)}") if index_url else "./"
    entries = [*_list_releases(record, home), *_list_commands(record, home)]
    newest = sorted(entries, key=lambda entry: (entry.time, *entry.key), reverse=True)
    title, key = f"{record.project}: changes", (record.project,)
    return render_feed(title, key, home, newest[:MAX_ENTRIES], self_link=f"{home}feed.xml")


def _list_releases(record: ProjectRecord, home: str) -> Iterator[FeedEntry]:
    """Yield an entry for the first file of each version."""
    first: dict[Version, FileRecord] = {}
    for file in sorted(record.files.values(), key=lambda file: (file.upload_time, file.filename)):
        first.setdefault(file.version, file)
    for version, file in first.items():
        yield FeedEntry(
            key=(record.project, "release", version),
            title=f"{record.project} {version}",
            time=file.upload_time,
            link=f"{home}{quote(version)}/",
            author=file.uploader,
            summary=file.summary or "",
        )


def _list_commands(record: ProjectRecord, home: str) -> Iterator[FeedEntry]:
    for verb, registers in (
        ("yanked", record.yanked),
        ("yanked", record.yanked_by_uploaders),
        ("removed", record.removed),
    ):
        yield from _list_registers(record, verb, registers, home)


def _list_registers(
    record: ProjectRecord, verb: str, registers: Registers, home: str
) -> Iterator[FeedEntry]:
    """Yield an entry for each register that is set."""
    versions = {find_release(file.version): file.version for file in record.files.values()}
    for filename, register in registers.files.items():
        file = record.files.get(filename)
        link = f"{home}{quote(file.version)}/" if file else home
        yield from _describe_command(record.project, verb, filename, register, link)
    for release, register in registers.versions.items():
        version = versions.get(release, release)
        subject, link = f"{record.project} {version}", f"{home}{quote(version)}/"
        yield from _describe_command(record.project, verb, subject, register, link)


def _describe_command(
    project: ProjectName, verb: str, subject: str, register: Register, link: str
) -> Iterator[FeedEntry]:
    if register.value:
        yield FeedEntry(
            key=(project, verb, subject, register.command_id),
            title=f"{subject} {verb}",
            time=register.issued_at,
            link=link,
            author=register.issued_by or UNKNOWN_AUTHOR,
            summary=register.reason or "",
        )
