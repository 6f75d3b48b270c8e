"""The command that makes, lists and revokes tokens: ``python -m proxy.tokens create NAME``.

It takes ``PROJECT``, ``TOKENS_SECRET`` and ``SECRET_MANAGER_EMULATOR_HOST`` from the environment as
the proxy does, but runs as whoever calls it: the proxy itself may only read the secret.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from access.register import Refused, TokenRegister
from chassis.settings import load_settings
from cloud import secrets
from cloud.errors import CloudError
from proxy.settings import SecretSettings
from schemas.tokens import EVERYTHING, READ, Token

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def main() -> int:
    """Do what the command line says; return the exit status."""
    options = arguments(sys.argv[1:])
    settings = load_settings(SecretSettings)
    client = secrets.connect(settings.secret_manager_emulator_host or None)
    secret = secrets.Secret(client, settings.project, settings.tokens_secret)
    try:
        run(options, TokenRegister(secret, lambda: datetime.now(UTC)))
    except (Refused, CloudError) as error:
        print(f"proxy.tokens: {error}", file=sys.stderr)
        return 1
    return 0


def run(options: argparse.Namespace, register: TokenRegister) -> None:
    """Create, list or revoke.

    The token is all that ``create`` writes to standard output, for a script to take it from there.
    """
    match options.command:
        case "create":
            print(
                register.create(
                    options.name,
                    projects=options.project or (EVERYTHING,),
                    scopes=options.scope or (READ,),
                    expires_in=options.expires_in,
                )
            )
            print("This is the only time it is shown; only its digest is kept.", file=sys.stderr)
        case "list":
            for token in register.tokens():
                print(_line(token, datetime.now(UTC)))
        case "revoke":
            for token in register.revoke(options.which):
                print(f"revoked {token.name} {token.sha256[:12]}")


def duration(text: str) -> timedelta:
    """Read a duration: a number of hours, days or weeks, as ``90d``.

    :raises ArgumentTypeError: if it is none.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text, re.ASCII)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration, as 12h, 90d or 4w")
    return int(match[1]) * _UNITS[match[2]]


def _line(token: Token, now: datetime) -> str:
    ends = "never" if token.expires is None else f"{token.expires:%Y-%m-%dT%H:%MZ}"
    state = "live" if token.is_live(now) else "ended"
    scope = ",".join((*token.scopes, *token.projects))
    return (
        f"{token.name:<20} {token.sha256[:12]} {state:<5} {token.created:%Y-%m-%d} {ends} {scope}"
    )


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Read a command line; print its usage and exit if it is none."""
    parser = argparse.ArgumentParser(prog="python -m proxy.tokens", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make a token and print it, once")
    create.add_argument("name", help="who holds it, as the access log will say")
    create.add_argument(
        "--project", action="append", metavar="GLOB", help="a project it is for; default: every one"
    )
    create.add_argument("--scope", action="append", choices=[READ], help="what it is for")
    create.add_argument("--expires-in", type=duration, help="12h, 90d, 4w; default: it does not")
    commands.add_parser("list", help="print name, digest, state, creation, expiry, scope")
    revoke = commands.add_parser("revoke", help="end tokens, in a minute as a rule")
    revoke.add_argument("which", help="a name, the first 8 digits of a digest or more, or a token")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
