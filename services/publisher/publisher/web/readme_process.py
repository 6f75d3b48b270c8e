"""Rendering of descriptions in child processes, within 5 seconds of CPU time each.

Descriptions are hostile: renderers can take quadratic time or much memory. A child that exceeds its
time is killed, and the description is shown as text. The limit is CPU time, because a busy machine
must not turn a good description into text. The longer limit of elapsed time is for a child that
waits. A small number of children is reused. A thread that waits for a child holds no lock, and the
time of a description begins when it has one.
"""

import json
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing.connection import Connection
from queue import LifoQueue
from socket import socketpair

from packaging.metadata import RawMetadata

from publisher.errors import ReadmeProcessFailed
from publisher.site.page_content import Readme
from publisher.web.readme_html import render_text

CHILDREN = 4
"""Maximum number of child processes."""
CPU_LIMIT = 5.0
"""CPU seconds for one description."""
TIME_LIMIT = 60.0
"""Elapsed seconds for one description, without the start of a child."""
MAX_DESCRIPTION_SIZE = 1 << 20
"""Maximum size of a description that is rendered, in bytes of UTF-8."""

_START_LIMIT = 60.0
"""Seconds for the start of a child."""
_REMEMBERED = 32
"""Number of results that are kept: the files of a release mostly have the same description."""


class ReadmeRenderer:
    """Pool of child processes that render descriptions; safe for threads.

    :param images: show remote images.
    :param cpu_limit: CPU seconds for one description.
    :param time_limit: elapsed seconds for one description.
    """

    def __init__(
        self,
        *,
        images: bool = False,
        children: int = CHILDREN,
        cpu_limit: float = CPU_LIMIT,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        pool = [_Child(images, cpu_limit, time_limit) for _ in range(children)]
        self._idle: LifoQueue[_Child] = LifoQueue()
        for child in pool:
            self._idle.put(child)
        self._render = lru_cache(_REMEMBERED)(self._render_in_child)
        self._finalizer = weakref.finalize(self, _end_children, pool)

    def render(self, metadata: RawMetadata) -> Readme:
        """Render the description in core metadata; no content of it raises an error.

        :raises ReadmeProcessFailed: if no child process can start.
        """
        text = metadata.get("description", "")
        if not text.strip():
            return Readme()
        if len(text.encode()) > MAX_DESCRIPTION_SIZE:
            return show_text(text, "it is larger than 1 MiB, and the rest is left out")
        return self._render(text, metadata.get("description_content_type", ""))

    def close(self) -> None:
        """End the child processes, when none of them renders a description.

        The end of this process also ends them.
        """
        self._finalizer()

    def _render_in_child(self, text: str, content_type: str) -> Readme:
        with self._borrow_child() as child:
            return child.render(text, content_type)

    @contextmanager
    def _borrow_child(self) -> "Iterator[_Child]":
        child = self._idle.get()
        try:
            yield child
        finally:
            self._idle.put(child)


class _Child:
    """Child process that starts when it is needed; one thread at a time uses it."""

    def __init__(self, images: bool, cpu_limit: float, time_limit: float) -> None:
        self._images = images
        self._cpu_limit = cpu_limit
        self._time_limit = time_limit
        self._running: _RunningChild | None = None

    def render(self, text: str, content_type: str) -> Readme:
        """Render a description; try once more if the process was not killed at a limit.

        The system can kill a process for the memory of another one, and a page keeps its content.
        """
        request = json.dumps({"text": text, "content_type": content_type}).encode()
        reason = ""
        for _ in range(2):
            running = self._start()
            answer = running.ask(request, self._time_limit)
            if answer is not None:
                html, note = json.loads(answer)
                return Readme(html, note)
            is_late, reason = running.is_late, running.explain_end()
            self.end()
            if is_late:
                break
        return show_text(text, reason)

    def _start(self) -> "_RunningChild":
        if self._running is None:
            self._running = _RunningChild(self._images, self._cpu_limit)
        return self._running

    def end(self) -> None:
        if self._running is not None:
            self._running.end()
            self._running = None


class _RunningChild:
    """Started child process and its socket.

    :raises ReadmeProcessFailed: if the process does not answer.
    """

    def __init__(self, images: bool, cpu_limit: float) -> None:
        self._cpu_limit = cpu_limit
        own, other = socketpair()
        with other:
            self._connection = Connection(own.detach())
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, constant arguments
                [
                    *(sys.executable, "-I", "-X", "utf8"),
                    *(f"-W{option}" for option in sys.warnoptions),
                    *("-m", "publisher.web.readme_child"),
                    *(str(other.fileno()), str(int(images)), str(cpu_limit)),
                ],
                stdin=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
                env={},
            )
        self._is_killed = False
        if self._receive(_START_LIMIT) is None:
            self.end()
            raise ReadmeProcessFailed(self._process.returncode)

    def ask(self, request: bytes, time_limit: float) -> bytes | None:
        """Return the answer; None if the process ended, or was killed at a limit."""
        return self._receive(time_limit, request)

    @property
    def is_late(self) -> bool:
        """Whether an ended process exceeded the CPU time or the elapsed time."""
        return self._is_killed or self._process.wait() == -signal.SIGXCPU

    def explain_end(self) -> str:
        if self.is_late:
            return _explain_delay(self._cpu_limit)
        return f"its renderer ended with code {self._process.wait()}"

    def end(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()

    def _receive(self, time_limit: float, request: bytes | None = None) -> bytes | None:
        timer = threading.Timer(time_limit, self._kill)
        timer.daemon = True
        timer.start()
        try:
            if request is not None:
                self._connection.send_bytes(request)
            answer = self._connection.recv_bytes()
        except (EOFError, OSError):
            return None
        finally:
            timer.cancel()
            timer.join()  # after this the timer kills no later description
        return None if self._is_killed else answer

    def _kill(self) -> None:
        self._is_killed = True
        self._process.kill()


def show_text(text: str, reason: str) -> Readme:
    """Show the first MiB of a description as text, with a note."""
    html = render_text(text[:MAX_DESCRIPTION_SIZE])
    return Readme(html, f"The description is shown as text: {reason}.")


def show_late(metadata: RawMetadata) -> Readme:
    """Show a description as text, as a renderer with the default limit does after that time."""
    return show_text(metadata.get("description", ""), _explain_delay(CPU_LIMIT))


def _explain_delay(cpu_limit: float) -> str:
    return f"rendering it takes longer than {cpu_limit:g} s"


def _end_children(children: Sequence[_Child]) -> None:
    for child in children:
        child.end()
