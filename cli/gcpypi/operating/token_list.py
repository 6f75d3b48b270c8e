"""List of the tokens, as a table or as JSON."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import typer

from access.last_use import LastUses
from gcpypi.output import create_console, print_json, print_table
from schemas.holders import Holder
from schemas.tokens import Token

HEADINGS = ("name", "digest", "state", "created", "expires", "last use", "scope")

FindUses = Callable[[Sequence[Token]], LastUses]
"""Function that returns the last use of each token."""


def list_tokens(
    tokens: Sequence[Token], find_uses: FindUses, now: datetime, *, as_json: bool
) -> None:
    """Print the tokens and the last use of each name."""
    if not tokens:
        typer.echo("The secret has no tokens, or does not exist.", err=True)
        if as_json:
            print_json([])
        return
    uses = find_uses(tokens)
    if as_json:
        print_json([describe_token(token, uses, now) for token in tokens])
    else:
        rows = [list(_format_cells(token, uses, now)) for token in tokens]
        print_table(create_console(), HEADINGS, rows)
    if uses.problem:
        typer.echo(f"gcpypi: the last use is not known: {uses.problem}", err=True)


def describe_token(token: Token, uses: LastUses, now: datetime) -> dict[str, object]:
    """Return a token as an object of JSON. It has the digest, never the token."""
    return {
        **token.model_dump(
            mode="json", include={"name", "sha256", "scopes", "projects", "created", "expires"}
        ),
        **({"uploader": token.uploader} if token.uploader else {}),
        "state": get_state(token, now),
        "last_use": uses.describe(token, now),
    }


def get_state(token: Holder, now: datetime) -> str:
    """Return ``live`` or ``ended``."""
    return "live" if token.is_live(now) else "ended"


def format_scope(holder: Holder) -> str:
    """Return scopes, projects and uploader in one cell."""
    uploader = (f"as {holder.uploader}",) if holder.uploader else ()
    return ",".join((*holder.scopes, *holder.projects, *uploader)) if holder.scopes else "-"


def format_end(holder: Holder) -> str:
    """Return the expiry in one cell."""
    return "never" if holder.expires is None else f"{holder.expires:%Y-%m-%dT%H:%MZ}"


def _format_cells(token: Token, uses: LastUses, now: datetime) -> Iterator[str]:
    yield token.name
    yield token.sha256[:12]
    yield get_state(token, now)
    yield f"{token.created:%Y-%m-%d}"
    yield format_end(token)
    yield uses.describe(token, now)
    yield format_scope(token)
