"""``python -m local up|down|logs|demo``: the commands behind ``make local-up`` and its siblings."""

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from local import console
from local.failure import Failure
from local.layout import Ports
from local.runtime import lifecycle
from local.runtime.state import Runtime, State
from local.settings import UpSettings

# Eight ports in a row end at 65535.
LAST_BASE = 65529


def main() -> int:
    """Run the command; on failure say why and return 1."""
    options = _parser().parse_args()
    state = State(options.dir.resolve())
    try:
        options.run(state, options)
    except Failure as failure:
        print(f"{options.command}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run, words in (
        ("up", _up, "start everything, or what is missing"),
        ("down", _down, "stop everything, keep buckets and secrets"),
        ("logs", _logs, "print what all processes say"),
        ("demo", _demo, "publish a wheel and install it, showing each step"),
    ):
        command = commands.add_parser(name, help=words)
        command.set_defaults(run=run)
        command.add_argument("--dir", type=Path, default=Path(".local"), help="where state is kept")
        if name in ("up", "demo"):
            words = "the first of eight ports in a row, or: free"
            command.add_argument("--port-base", type=_base, default=argparse.SUPPRESS, help=words)
        if name == "logs":
            command.add_argument("--lines", type=int, default=200, help="how far to look back")
    return parser


def _up(state: State, options: argparse.Namespace) -> None:
    running = lifecycle.up(state, _ports(state, options), _wanted(), _say)
    print(console.guide(state, running))
    print("See it work: make demo    What it says: make local-logs    Stop it: make local-down")


def _down(state: State, options: argparse.Namespace) -> None:
    lifecycle.down(state, _say)


def _logs(state: State, options: argparse.Namespace) -> None:
    lifecycle.logs(state, options.lines)


def _demo(state: State, options: argparse.Namespace) -> None:
    # Only here: Google's libraries take half a second to import.
    from local.demo import command as demo

    running = lifecycle.up(state, _ports(state, options), _wanted(), _say)
    demo.run(state, running, _say)


def _base(text: str) -> int | None:
    """Read ``--port-base``: None stands for free ports."""
    if text == "free":
        return None
    if text.isdecimal() and int(text) < LAST_BASE:
        return int(text)
    raise argparse.ArgumentTypeError("the first of eight ports, or: free")


def _ports(state: State, options: argparse.Namespace) -> Ports | None:
    """Return the ports that were asked for; None if none were."""
    if "port_base" not in options:
        return None
    if options.port_base is not None:
        return Ports.block(options.port_base)
    noted = state.running()
    return noted.ports if noted else Ports.free()


def _wanted() -> Runtime | None:
    try:
        return UpSettings().runtime or None
    except ValidationError:
        raise Failure("RUNTIME is docker or native, or not set") from None


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
