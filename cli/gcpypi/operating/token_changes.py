"""Creation, rotation and revocation of tokens. Standard output has only the new token."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import typer

from access.entry_facts import MAX_PUBLISHING_LIFETIME
from access.token_selection import select_tokens
from access.token_store import TokenStore
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.operating.token_values import name_successor
from gcpypi.output import escape_control
from schemas.holders import EVERYTHING, PUBLISH, READ
from schemas.tokens import Token


def create_token(
    store: TokenStore,
    name: str,
    projects: Sequence[str],
    expires_in: timedelta | None,
    *,
    publish: bool = False,
    uploader: str | None = None,
) -> None:
    """Create a token for reading, or for publishing, and print it."""
    _print_token(
        store.create(
            name,
            projects=projects or (EVERYTHING,),
            scopes=(PUBLISH if publish else READ,),
            expires_in=expires_in or (MAX_PUBLISHING_LIFETIME if publish else None),
            uploader=uploader,
        )
    )


def rotate_token(
    store: TokenStore,
    selector: str,
    now: datetime,
    *,
    name: str | None,
    expires_in: timedelta | None,
    revoke_old: bool,
) -> None:
    """Create a token with the scopes, projects, uploader and lifetime of another; print it.

    :param selector: a name, or the first digits of a digest.
    :param name: name of the new token; None: the name of the old one with the month.
    :param expires_in: lifetime of the new token; None: that of the old one.
    :param revoke_old: revoke the old token at once.
    """
    tokens = store.list_tokens()
    old = _select_model(tokens, selector, now)
    name = name or name_successor(old.name, {each.name for each in tokens}, now)
    lifetime = expires_in or (old.expires - old.created if old.expires else None)
    token = store.create(
        name,
        projects=old.projects,
        scopes=old.scopes,
        expires_in=lifetime,
        uploader=old.uploader,
    )
    _print_token(token, escape_control(name))
    if revoke_old:
        print_revocations(store.revoke(old.sha256), err=True)
        return
    shown = escape_control(old.name)
    typer.echo(
        f"Give it to its holder. When gcpypi token list shows no recent use of {shown}, run: "
        f"gcpypi token revoke {old.sha256[:12] if name == old.name else shown}",
        err=True,
    )


def print_revocations(tokens: Sequence[Token], *, err: bool = False) -> None:
    """Print a line for each revoked token to standard output, or to standard error."""
    for token in tokens:
        typer.echo(f"revoked {escape_control(token.name)} {token.sha256[:12]}", err=err)


def _select_model(tokens: Sequence[Token], selector: str, now: datetime) -> Token:
    """Return the newest live token of a selector.

    :raises CommandFailure: if the live tokens have different scopes or projects.
    """
    live = sorted(select_tokens(tokens, selector, now), key=lambda token: token.created)
    if (
        len({(each.uploader, frozenset(each.scopes), frozenset(each.projects)) for each in live})
        > 1
    ):
        digests = ", ".join(each.sha256[:12] for each in live)
        raise CommandFailure(
            f"the tokens called {selector} have different projects: give the digest of one of "
            f"them ({digests})",
            ExitCode.REFUSED,
        )
    return live[-1]


def _print_token(token: str, name: str = "") -> None:
    typer.echo(token)
    subject = f"This token, {name}," if name else "This token"
    typer.echo(f"{subject} is not shown again: only its digest is stored.", err=True)
