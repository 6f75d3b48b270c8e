"""Commands ``python -m local up|down|logs|demo``, used by ``make local-up`` and related targets."""

import argparse
import sys
from dataclasses import fields
from pathlib import Path

from pydantic import ValidationError

from local import console
from local.errors import LocalError
from local.port_choice import choose_free_ports
from local.runtime import lifecycle
from local.runtime.state import Runtime, State
from local.settings import UpSettings
from local.topology import Ports

# The last port of the block is 65535 at most.
LAST_BASE = 65536 - len(fields(Ports))


def main() -> int:
    """Run the command and return its exit code; print the reason of a failure."""
    options = _make_parser().parse_args()
    state = State(options.dir.resolve())
    try:
        options.run(state, options)
    except LocalError as failure:
        print(f"{options.command}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run, description in (
        ("up", _run_up, "start everything that does not run"),
        ("down", _run_down, "stop everything; keep buckets and secrets"),
        ("logs", _run_logs, "print the combined log of all processes"),
        ("demo", _run_demo, "publish wheels, install one, and show each step"),
    ):
        command = commands.add_parser(name, help=description)
        command.set_defaults(run=run)
        command.add_argument("--dir", type=Path, default=Path(".local"), help="state directory")
        if name in ("up", "demo"):
            description = "first of 12 consecutive ports, or: free"
            command.add_argument(
                "--port-base", type=_parse_port_base, default=argparse.SUPPRESS, help=description
            )
        if name == "logs":
            command.add_argument("--lines", type=int, default=200, help="number of lines to print")
            command.add_argument("--file", help="print only the steps of this uploaded file")
    return parser


def _run_up(state: State, options: argparse.Namespace) -> None:
    running = lifecycle.up(state, _choose_ports(state, options), _read_runtime(), _say)
    print(console.render_guide(state, running))
    print("See it work: make demo    Logs: make local-logs    Stop it: make local-down")


def _run_down(state: State, options: argparse.Namespace) -> None:
    lifecycle.down(state, _say)


def _run_logs(state: State, options: argparse.Namespace) -> None:
    if options.file is None:
        lifecycle.print_logs(state, options.lines)
    else:
        lifecycle.tell_story(state, options.file, _say)


def _run_demo(state: State, options: argparse.Namespace) -> None:
    # Imported here, because Google's libraries take half a second to import.
    from local.demo import demo_command as demo

    running = lifecycle.up(state, _choose_ports(state, options), _read_runtime(), _say)
    demo.run(state, running, _say)


def _parse_port_base(text: str) -> int | None:
    """Parse ``--port-base``; None means free ports."""
    if text == "free":
        return None
    if text.isdecimal() and int(text) <= LAST_BASE:
        return int(text)
    raise argparse.ArgumentTypeError("use the first of 12 consecutive ports, or: free")


def _choose_ports(state: State, options: argparse.Namespace) -> Ports | None:
    """Return the requested ports; None without a request."""
    if "port_base" not in options:
        return None
    if options.port_base is not None:
        return Ports.from_base(options.port_base)
    started = state.load()
    return started.ports if started else choose_free_ports()


def _read_runtime() -> Runtime | None:
    try:
        return UpSettings().runtime or None
    except ValidationError:
        raise LocalError("RUNTIME must be docker or native, or unset") from None


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
