"""Atom feed of the index: releases and commands of all projects."""

from collections.abc import Iterable
from itertools import islice

from publisher.catalog.change_arrays import CatalogEvent, format_name
from publisher.render.atom import FeedEntry, render_feed
from publisher.render.listing import make_printable
from publisher.site.page_content import Site
from schemas import web_layout
from schemas.catalog import ProjectEvent
from schemas.types import format_time

MAX_ENTRIES = 100
"""Maximum number of entries of the feed."""

_PHRASES = {"unyanked": "no longer yanked", "active": "active again"}
"""Words of an entry's title for kinds of events with another name."""


def render_index_feed(events: Iterable[CatalogEvent], site: Site) -> bytes:
    """Render ``feed.xml`` from the newest events, the newest one first."""
    base = (site.index_url or "").removesuffix("simple/")  # empty: links are relative
    return render_feed(
        site.title,
        (base or site.title,),
        base or "./",
        (_make_entry(event, base) for event in islice(events, MAX_ENTRIES)),
        self_link=f"{base}{web_layout.FEED}",
        author=site.title,
    )


def _make_entry(one: CatalogEvent, base: str) -> FeedEntry:
    event, project = one.event, one.entry.project
    parts = (event.kind, event.release, event.filename, format_time(event.time))
    return FeedEntry(
        key=(project, *(part or "" for part in parts)),
        title=_make_title(one),
        time=event.time,
        link=f"{base}{_make_path(one)}",
        author=_get_author(event),
        summary=_choose_summary(one),
    )


def _make_title(one: CatalogEvent) -> str:
    event = one.event
    subject = event.filename or f"{format_name(one.entry)} {event.release or ''}"
    return f"{subject} {_PHRASES.get(event.kind, event.kind)}"  # the feed joins white space


def _make_path(one: CatalogEvent) -> str:
    """Return the path of the release's page from the home page, or that of the project's page."""
    project, event = one.entry.project, one.event
    is_release = event.kind == "released" and event.release is not None
    return f"projects/{project}/" + (f"{event.release}/" if is_release else "")


def _get_author(event: ProjectEvent) -> str | None:
    """Return the author; None for a release of an unknown author."""
    return make_printable(event.author or "") or (None if event.kind == "released" else "operator")


def _choose_summary(one: CatalogEvent) -> str:
    """Return the summary of the project's latest release for this release; empty for others."""
    is_latest = one.event.release == one.entry.latest_version
    return one.entry.summary if one.event.kind == "released" and is_latest else ""
