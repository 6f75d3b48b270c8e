"""Pages of a project's history: files and commands."""

from collections.abc import Mapping

from publisher.render.numbered_pages import NumberedPages
from publisher.site.page_content import Site
from publisher.site.page_templates import render_page
from publisher.site.project_events import HistoryEvent, list_events
from schemas.file_notes import FileNotes
from schemas.names import Filename, ProjectName
from schemas.records import ProjectRecord

LINES_PER_PAGE = 250
"""Number of files and commands on a full page of the history."""


def divide_history(
    record: ProjectRecord, size: int = LINES_PER_PAGE
) -> NumberedPages[HistoryEvent]:
    """Divide the events of a project into pages of ``size`` lines."""
    return NumberedPages(list_events(record), size)


def list_history_files(history: NumberedPages[HistoryEvent], page: int) -> list[Filename]:
    """Return the files on a page of the history: their notes are on it."""
    return [event.file.filename for event in history.list_items(page) if event.file is not None]


def render_history(
    project: ProjectName,
    history: NumberedPages[HistoryEvent],
    notes: Mapping[Filename, FileNotes],
    site: Site,
    page: int,
) -> bytes:
    """Render a page of ``projects/<project>/history/``, the newest line first.

    :param notes: notes on the files of the page; files without notes are absent.
    """
    return render_page(
        "history.html",
        site=site,
        root="../../../",
        project=project,
        events=history.list_items(page),
        notes=notes,
        page=page,
        pages=history.count,
    )
