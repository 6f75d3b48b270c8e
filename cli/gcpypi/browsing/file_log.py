"""Log of one file (``gcpypi log``): its facts and events as text or JSON."""

from rich.filesize import decimal

from gcpypi.browsing.file_story import FileStory, StoryReader, describe_story, format_delay
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.connection.page_lookup import require_file, require_project
from gcpypi.errors import CommandFailure
from gcpypi.output import create_console, escape_unprintable, print_json, print_table


def log_file(connection: IndexConnection, filename: str, *, as_json: bool) -> None:
    """Print the story of a file.

    :raises CommandFailure: if there is no trace of the file.
    """
    story = StoryReader(connection, filename).read()
    if story.is_empty:
        raise _explain_absence(connection, story)
    if as_json:
        print_json(describe_story(story))
    else:
        _print_text(story)
    notes = create_console(stderr=True)
    for text in story.unreadable:
        notes.print(f"not readable: {text}", markup=False)


def _explain_absence(connection: IndexConnection, story: FileStory) -> CommandFailure:
    """Return the failure, with a suggestion from the page if there is one."""
    if story.page is None:
        return CommandFailure(
            ". ".join((f"there is no trace of {story.filename}", *story.unreadable))
        )
    try:
        require_file(require_project(connection.index, story.project), story.filename)
    except CommandFailure as failure:
        return failure
    return CommandFailure(f"there is no trace of {story.filename}")


def _print_text(story: FileStory) -> None:
    console = create_console()
    console.print(f"[bold]{escape_unprintable(story.filename)}[/bold]")
    if facts := story.facts:
        console.print(f"release   {facts.project} {facts.version}", markup=False)
        console.print(f"size      {decimal(facts.size)}", markup=False)
        console.print(f"sha256    {facts.sha256}", markup=False)
        run = f", run {facts.run}" if facts.run else ""
        console.print(f"uploader  {escape_unprintable(facts.uploader + run)}")
    console.print(f"page      {escape_unprintable(story.page or 'unknown')}")
    console.print()
    rows, before = [], None
    for event in story.events:
        moment = f"{event.time:%Y-%m-%d %H:%M:%S}.{event.time.microsecond // 1000:03}"
        rows.append((moment, format_delay(before, event.time), event.event, event.detail))
        before = event.time
    print_table(console, ["time (UTC)", "after", "event", "detail"], rows)
