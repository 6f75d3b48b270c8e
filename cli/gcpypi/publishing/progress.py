"""Progress of a run: two bars on a terminal, and otherwise one line per step."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gcpypi.output import create_console
from gcpypi.publishing.publication import Publication, Stage
from gcpypi.publishing.results import summarize

_BEFORE = (Stage.WAITING,)
_OPEN = (Stage.WAITING, Stage.UPLOADED, Stage.ACCEPTED)


class PublishProgress:
    """Display of the stages of all files, on standard error."""

    def __init__(self, files: Sequence[Publication]) -> None:
        self._files = files
        self._console = create_console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description:<8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._upload = self._progress.add_task("upload", total=len(files), note="")
        self._publish = self._progress.add_task("publish", total=len(files), note="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the bars."""
        self._progress.stop()

    def say(self, line: str) -> None:
        """Print one line above the bars."""
        self._progress.console.print(line, markup=False)

    def update(self, sent: int) -> None:
        """Show the present stages.

        :param sent: bytes that are uploaded.
        """
        before = sum(1 for file in self._files if file.stage in _BEFORE)
        total, note = len(self._files), f"{sent / 1e6:.1f} MB"
        self._progress.update(self._upload, completed=total - before, note=note)
        self.update_published()

    def update_published(self) -> None:
        """Show the number of files in a final state."""
        unfinished = sum(1 for file in self._files if file.stage in _OPEN)
        self._progress.update(self._publish, completed=len(self._files) - unfinished)

    def say_uploaded(self) -> None:
        """Print the stages after the uploads, if there is no terminal."""
        if not self._console.is_terminal:
            self._console.print(summarize(self._files))
