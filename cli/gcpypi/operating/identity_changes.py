"""Addition, removal and list of identities."""

import shlex
from collections.abc import Sequence
from datetime import datetime, timedelta

import typer

from access.identity_store import IdentityStore
from gcpypi.operating.identity_claims import IdentityOptions
from gcpypi.operating.token_list import format_end, format_scope, get_state
from gcpypi.output import create_console, escape_control, print_json, print_table
from schemas.holders import EVERYTHING, PUBLISH, READ
from schemas.identities import OidcIdentity

HEADINGS = ("name", "state", "created", "expires", "scope", "issuer", "claims")


def add_identity(
    store: IdentityStore,
    name: str,
    options: IdentityOptions,
    *,
    projects: Sequence[str],
    expires_in: timedelta | None,
    publish: bool,
    uploader: str | None,
) -> None:
    """Add an identity and print its issuer and claims.

    :raises CommandFailure: if the options are invalid.
    """
    issuer, claims = options.build()
    identity = store.add(
        name,
        issuer=issuer,
        claims=claims,
        projects=projects or (EVERYTHING,),
        scopes=(PUBLISH if publish else READ,),
        expires_in=expires_in,
        uploader=uploader,
    )
    typer.echo(f"added {escape_control(name)} {_format_claims(identity)} of {identity.issuer}")


def remove_identity(store: IdentityStore, name: str) -> None:
    """Remove the identities of a name, and print a line for each."""
    for identity in store.remove(name):
        typer.echo(f"removed {escape_control(identity.name)} {_format_claims(identity)}")


def list_identities(
    identities: Sequence[OidcIdentity], now: datetime, *, as_json: bool = False
) -> None:
    """Print the identities as a table or as JSON."""
    if as_json:
        print_json([describe_identity(each, now) for each in identities])
    elif identities:
        rows = [_format_cells(each, now) for each in identities]
        print_table(create_console(), HEADINGS, rows)
    if not identities:
        typer.echo("The secret has no identities, or does not exist.", err=True)


def describe_identity(identity: OidcIdentity, now: datetime) -> dict[str, object]:
    """Return an identity as an object of JSON, with the reason why it is not safe."""
    fields = identity.model_dump(mode="json", include=set(OidcIdentity.model_fields))
    fault = identity.find_fault()
    return {**fields, "state": get_state(identity, now), **({"fault": fault} if fault else {})}


def _format_cells(identity: OidcIdentity, now: datetime) -> list[str]:
    return [
        identity.name,
        "unsafe" if identity.find_fault() else get_state(identity, now),
        f"{identity.created:%Y-%m-%d}",
        format_end(identity),
        format_scope(identity),
        identity.issuer.removeprefix("https://"),
        _format_claims(identity),
    ]


def _format_claims(identity: OidcIdentity) -> str:
    return escape_control(shlex.join(f"{n}={value}" for n, value in identity.claims.items()))
