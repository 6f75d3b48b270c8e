"""Child process that renders descriptions, started by :mod:`publisher.web.readme_process`.

Its arguments are a socket, whether images are shown, and the CPU seconds for one description.

Each message on the socket FD is a description in JSON; each answer is its HTML and
a note, in JSON.
The process limits its memory, and its CPU time for each description, so that it also ends without
its parent. It has no credentials, because its environment is empty.
"""

import json
import re
import resource
import sys
from email.message import Message
from io import StringIO
from math import ceil
from multiprocessing.connection import Connection

from readme_renderer import markdown, rst

from publisher.web.readme_html import MAX_HTML_LENGTH, render_text, sanitize

MEMORY = 384 << 20
"""Maximum address space of the process, in bytes. deploy/terraform has room for all children."""

Rendered = tuple[str, str]
"""HTML of a description, and the reason why it is shown as text; empty if it was rendered."""

_ERROR = re.compile(r"^<string>:([0-9]+): \([A-Z]+/[2-4]\) (.{1,120})", re.MULTILINE)
"""Message of docutils about a warning or an error: one ends the rendering."""
_TEXT_TYPES = ("text/markdown", "text/x-rst", "text/plain")


def render_description(
    text: str, content_type: str, *, images: bool = False, max_length: int = MAX_HTML_LENGTH
) -> Rendered:
    """Render a description by its ``Description-Content-Type``; without one it is reStructuredText.

    A description that cannot be rendered is shown as text, with a note.

    https://packaging.python.org/en/latest/specifications/core-metadata/#description-content-type
    """
    kind, variant = parse_content_type(content_type)
    if kind == "text/plain":
        return render_text(text), ""
    if kind not in _TEXT_TYPES:
        return _show_text(text, "its Description-Content-Type is unknown")
    errors = StringIO()
    html = _render_markup(text, kind, variant, errors)
    if html is None and not content_type:  # plain text is as likely as wrong reStructuredText
        return render_text(text), ""
    if html is None:
        return _show_text(text, f"it is not valid reStructuredText{_find_error(errors.getvalue())}")
    safe = sanitize(html, images=images)
    if not safe.strip():
        return _show_text(text, "it has no content that a page may have")
    if len(safe) > max_length:
        return _show_text(text, f"its HTML has more than {max_length:,} characters")
    return safe, ""


def parse_content_type(value: str) -> tuple[str, str]:
    """Return the media type in lower case, and the variant of Markdown: GFM or CommonMark."""
    message = Message()
    message["Content-Type"] = value or "text/x-rst"
    variant = str(message.get_param("variant") or "GFM")
    return message.get_content_type(), "CommonMark" if variant.lower() == "commonmark" else "GFM"


def _render_markup(text: str, kind: str, variant: str, errors: StringIO) -> str | None:
    """Return the HTML; None if it is not valid reStructuredText.

    :param errors: gets the messages of docutils.
    """
    if kind == "text/markdown":
        return markdown.render(text, variant=variant) or ""
    return rst.render(text, errors)


def _find_error(messages: str) -> str:
    """Return line and text of the first error of docutils, in brackets; empty without one."""
    found = _ERROR.search(messages)
    return f" (line {found[1]}: {found[2].rstrip('.')})" if found else ""


def _show_text(text: str, reason: str) -> Rendered:
    return render_text(text), f"The description is shown as text: {reason}."


def _serve(connection: Connection, *, images: bool, cpu_limit: float) -> None:
    """Answer descriptions until the parent closes the socket."""
    while True:
        try:
            request = json.loads(connection.recv_bytes())
        except EOFError:
            return
        _limit_cpu(cpu_limit)
        answer = _render_safely(request["text"], request["content_type"], images=images)
        connection.send_bytes(json.dumps(answer).encode())


def _render_safely(text: str, content_type: str, *, images: bool) -> Rendered:
    """Render a description; show it as text if a renderer fails, because each can have errors."""
    try:
        return render_description(text, content_type, images=images)
    except MemoryError:
        return _show_text(text, "rendering it needs too much memory")
    except Exception as error:  # errors of docutils, comrak, pygments and nh3 on hostile text
        return _show_text(text, f"rendering it failed with {type(error).__name__}")


def _limit_cpu(seconds: float) -> None:
    """Let the system end this process (SIGXCPU) after at least ``seconds`` more of CPU time.

    The system counts whole seconds, so it can be one second more.
    """
    usage = resource.getrusage(resource.RUSAGE_SELF)
    end = ceil(usage.ru_utime + usage.ru_stime + seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (end, hard))


def main() -> None:
    """Limit the memory, then render descriptions."""
    descriptor, images, cpu_limit = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with Connection(int(descriptor)) as connection:
        connection.send_bytes(b"ready")
        _serve(connection, images=images == "1", cpu_limit=float(cpu_limit))


if __name__ == "__main__":
    main()
