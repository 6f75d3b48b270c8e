"""Create, list and revoke tokens: ``python -m proxy.tokens create NAME``.

The command reads the settings ``GCP_PROJECT``, ``TOKENS_SECRET`` and
``SECRET_MANAGER_EMULATOR_HOST`` of the proxy from the environment. It uses the credentials of its
caller, because the service account of the proxy can only read the secret.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from getpass import getpass
from typing import BinaryIO

from access.authentication import MAX_LENGTH
from access.errors import TokenStoreError
from access.last_use import LastUses, find_last_uses
from access.token_store import TokenStore
from chassis.settings import load_settings, warn_old_names
from cloud import log_entries, secrets
from cloud.errors import CloudError, NotFound, PermissionDenied, Unavailable, Unreadable
from proxy.settings import SecretSettings
from schemas.tokens import EVERYTHING, READ, Token

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_ROW = "{:<20} {:<12} {:<5} {:<10} {:<17} {:<10} {}"
_HEADER = ("NAME", "DIGEST", "STATE", "CREATED", "EXPIRES", "LAST USE", "SCOPE")
_REMEDIES: Mapping[type[CloudError], str] = {
    PermissionDenied: "your account needs roles/secretmanager.secretAccessor and "
    "roles/secretmanager.secretVersionAdder on the secret, which operators have",
    NotFound: "check GCP_PROJECT and TOKENS_SECRET, and install gcpypi first",
    Unreadable: "enable the version, or add the last good version again: gcloud secrets versions "
    "enable, access, add. An older version can accept revoked tokens",
    Unavailable: "try again; after a sign-in ended: gcloud auth application-default login",
}

FindLastUses = Callable[[Sequence[Token]], LastUses]
"""Function that returns the last use of each token."""


def main() -> int:
    """Run the command and return its exit code."""
    options = parse_arguments(sys.argv[1:])
    settings = load_settings(SecretSettings)
    warn_old_names(settings)
    try:
        client = secrets.connect(settings.secret_manager_emulator_host or None)
        secret = secrets.Secret(client, settings.gcp_project, settings.tokens_secret)
        store = TokenStore(secret, lambda: datetime.now(UTC))
        run(options, store, lambda tokens: _find_last_uses(settings, tokens), sys.stdin.buffer)
    except CloudError as error:
        remedy = next((text for kind, text in _REMEDIES.items() if isinstance(error, kind)), "")
        print(f"proxy.tokens: {error}\n{remedy}".rstrip(), file=sys.stderr)
        return 1
    except TokenStoreError as error:
        print(f"proxy.tokens: {error}", file=sys.stderr)
        return 1
    return 0


def run(
    options: argparse.Namespace, store: TokenStore, find_uses: FindLastUses, stdin: BinaryIO
) -> None:
    """Create, list or revoke tokens.

    ``create`` writes only the token to standard output, for use in scripts.
    """
    match options.command:
        case "create":
            print(
                store.create(
                    options.name,
                    projects=options.project or (EVERYTHING,),
                    scopes=options.scope or (READ,),
                    expires_in=options.expires_in,
                )
            )
            print("This token is not shown again: only its digest is stored.", file=sys.stderr)
        case "list":
            _print_tokens(store.list_tokens(), find_uses)
        case "revoke":
            is_piped = options.selector == "-"
            revoke = store.revoke_value if is_piped else store.revoke
            for token in revoke(read_token(stdin) if is_piped else options.selector):
                print(f"revoked {_escape(token.name)} {token.sha256[:12]}")


def read_token(stdin: BinaryIO, ask: Callable[[str], str] = getpass) -> str:
    """Read a token from standard input, or from a terminal without echo.

    :raises TokenStoreError: if the input is not one word of at most 8 KiB.
    """
    try:
        is_typed = stdin.isatty()
        text = ask("Token: ") if is_typed else stdin.read(MAX_LENGTH + 1).decode(errors="replace")
    except EOFError:  # Ctrl-D
        text = ""
    words = text.split()
    if len(words) != 1 or len(text) > MAX_LENGTH:
        found = "is empty" if not words else "has more than one word, or more than 8 KiB"
        raise TokenStoreError(f"standard input {found}: it must have one token")
    return words[0]


def parse_duration(text: str) -> timedelta:
    """Parse a number of hours, days or weeks, such as ``90d``.

    :raises ArgumentTypeError: if it is invalid.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text, re.ASCII)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"invalid duration {text!r}: use for example 12h, 90d or 4w"
        )
    return int(match[1]) * _UNITS[match[2]]


def _find_last_uses(settings: SecretSettings, tokens: Sequence[Token]) -> LastUses:
    if settings.secret_manager_emulator_host:
        return LastUses({}, "the local index does not use Cloud Logging")
    try:
        log = log_entries.connect(settings.gcp_project)
    except CloudError as error:
        return LastUses({}, str(error))
    return find_last_uses(log, {token.name for token in tokens}, datetime.now(UTC))


def _print_tokens(tokens: Sequence[Token], find_uses: FindLastUses) -> None:
    if not tokens:
        print("The secret has no tokens, or does not exist.", file=sys.stderr)
        return
    uses = find_uses(tokens)
    print(_ROW.format(*_HEADER))
    for token in tokens:
        print(_ROW.format(*_list_cells(token, uses, datetime.now(UTC))))
    if uses.problem:
        print(f"proxy.tokens: the last use is not known: {uses.problem}", file=sys.stderr)


def _list_cells(token: Token, uses: LastUses, now: datetime) -> Iterator[str]:
    yield _escape(token.name)
    yield token.sha256[:12]
    yield "live" if token.is_live(now) else "ended"
    yield f"{token.created:%Y-%m-%d}"
    yield "never" if token.expires is None else f"{token.expires:%Y-%m-%dT%H:%MZ}"
    yield uses.describe(token, now)
    yield _escape(",".join((*token.scopes, *token.projects))) if token.scopes else "-"


def _escape(text: str) -> str:
    """Return text of a document that a person can have edited, without control characters."""
    return text if text.isprintable() else ascii(text)


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments. Print the usage and exit if they are invalid."""
    parser = argparse.ArgumentParser(prog="python -m proxy.tokens", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="create a token and print it once")
    create.add_argument("name", help="the name of the holder, for the access log")
    create.add_argument(
        "--project", action="append", metavar="GLOB", help="projects of the token; default: all"
    )
    create.add_argument(
        "--scope", action="append", choices=[READ], help="a permission; default: read"
    )
    create.add_argument(
        "--expires-in", type=parse_duration, help="the lifetime: 12h, 90d, 4w; default: unlimited"
    )
    commands.add_parser(
        "list", help="print name, digest, state, creation, expiry, last use, scope of each token"
    )
    revoke = commands.add_parser("revoke", help="revoke tokens; usually effective within a minute")
    revoke.add_argument(
        "selector",
        help="- to read a token from standard input, or a name, or at least 8 digits of a digest",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
