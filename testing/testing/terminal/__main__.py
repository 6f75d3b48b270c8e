"""Draw the pictures of the command in the documentation, from its real output.

Usage: ``python -m testing.terminal docs/images``. It starts a local index on free ports, publishes
wheels, and writes ``publish.svg``, ``list.svg`` and ``doctor.svg``.
"""

import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from local.runtime.state import State
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.terminal.screen import replay_output

COLUMNS = 100
FORMAT = re.sub(r"@font-face {{.*?}}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
"""Format of Rich without fonts of another host; a browser takes its own monospaced font."""
VERSIONS = ("1.0", "1.1", "1.2")


def draw_pictures(folder: Path) -> None:
    """Run the commands against a new local index, and write their pictures."""
    with tempfile.TemporaryDirectory() as name, run_index(Path(name)) as environment:
        place = Path(name)
        write_wheels(place / "dist")
        for title, commands in (
            ("publish", [["publish", "dist"]]),
            (
                "list",
                [["yank", "acme-widgets", "1.1", "--reason", "broken"], ["list", "acme-widgets"]],
            ),
            ("doctor", [["doctor"]]),
        ):
            text = "\n".join(run_command(command, place, environment) for command in commands)
            draw_text(text, f"gcpypi {title}", folder / f"{title}.svg")


@contextmanager
def run_index(place: Path) -> Iterator[Mapping[str, str]]:
    """Start a local index on free ports, and yield the variables of its environment file."""
    directory = ("--dir", str(place / "index"))
    local = (sys.executable, "-m", "local")
    subprocess.run([*local, "up", *directory, "--port-base", "free"], check=True)
    try:
        yield State(place / "index").read_environment()
    finally:
        subprocess.run([*local, "down", *directory], check=True)


def write_wheels(folder: Path) -> None:
    """Write valid wheels of a project, and a broken one of another."""
    folder.mkdir()
    for version in VERSIONS:
        wheel = build_wheel("acme_widgets", version)
        (folder / wheel_filename("acme_widgets", version)).write_bytes(wheel)
    (folder / wheel_filename("acme_tools", "2.0")).write_bytes(b"not a wheel")


def run_command(arguments: Sequence[str], place: Path, environment: Mapping[str, str]) -> str:
    """Run the command in a pseudo-terminal; return the prompt and the last state of the lines."""
    master, terminal = pty.openpty()
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    variables = {**os.environ, **environment, "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "gcpypi", *arguments]
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, cwd=place, env=variables
    ):
        os.close(terminal)
        output = b"".join(iter(lambda: _read(master), b""))
    os.close(master)
    prompt = f"$ gcpypi {subprocess.list2cmdline(arguments)}\n"
    return prompt + replay_output(output.decode()).replace(f"{place}/", "") + "\n"


def _read(master: int) -> bytes:
    """Return the next output; nothing after the end of the program."""
    try:
        return os.read(master, 65536)
    except OSError:  # Linux answers EIO if no program has the terminal open
        return b""


def draw_text(text: str, title: str, path: Path) -> None:
    """Write a picture of a terminal with a text."""
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text.from_ansi(text))
    picture = console.export_svg(title=title, unique_id=path.stem, code_format=FORMAT)
    path.write_text(picture, "utf-8")


if __name__ == "__main__":
    draw_pictures(Path(sys.argv[1]))
