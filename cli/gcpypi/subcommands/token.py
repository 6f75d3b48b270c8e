"""Commands ``gcpypi token``: the tokens for reading the index, and for publishing."""

from datetime import timedelta
from typing import Annotated

import typer

from gcpypi.arguments import (
    Description,
    GcpProject,
    IndexUrl,
    Json,
    ProjectGlobs,
    Publish,
    PublishesAs,
    TokensSecret,
    set_secret,
)
from gcpypi.help_pages import HelpCommand, HelpGroup

token = typer.Typer(
    cls=HelpGroup,
    help="Create, list, rotate and revoke the tokens for reading, and for publishing.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def _parse_lifetime(text: str) -> timedelta:
    from gcpypi.operating.token_values import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


Lifetime = Annotated[
    timedelta | None,
    typer.Option(
        "--expires-in", metavar="12h|90d|4w", parser=_parse_lifetime, help="lifetime of the token"
    ),
]
Selector = Annotated[
    str, typer.Argument(metavar="NAME|DIGEST", help="a name, or at least 8 digits of a digest")
]


@token.command(cls=HelpCommand)
def create(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="name of the holder, for the access log")
    ],
    project: ProjectGlobs = None,
    expires_in: Lifetime = None,
    publish: Publish = False,
    uploader: PublishesAs = None,
    index_url: IndexUrl = None,
    gcp_project: GcpProject = None,
    secret: TokensSecret = None,
    description: Description = None,
) -> None:
    """Create a token, and print it once.

    Standard output has only the token. Without --expires-in it does not expire, or with --publish
    after 90 days.

    Exit codes: 0 done, 1 refused, 2 wrong usage or setting, 4 no access.

    \b
    Examples:
      gcpypi token create ci --project 'acme-*' --expires-in 90d
      gcpypi token create ci --publish --uploader acme --project 'acme-*'
      gcpypi token create ci | gcloud secrets versions add ci-index-token --data-file=-
    """
    from gcpypi.connection.index_connection import connect
    from gcpypi.operating.token_changes import create_token
    from gcpypi.operating.token_secret import open_token_store

    with open_token_store(
        connect(
            index_url=index_url,
            gcp_project=gcp_project,
            description=description,
            **set_secret(secret, publish=publish),
        ),
        publish=publish,
    ) as store:
        create_token(store, name, project or (), expires_in, publish=publish, uploader=uploader)


@token.command(name="list", cls=HelpCommand)
def list_all(
    json: Json = False,
    publish: Publish = False,
    index_url: IndexUrl = None,
    gcp_project: GcpProject = None,
    secret: TokensSecret = None,
    description: Description = None,
) -> None:
    """List the tokens and the last use of each name.

    A revoked or expired token is listed as "ended" for a day.

    Exit codes: 0 done, 1 refused, 2 wrong usage or setting, 4 no access.

    \b
    Examples:
      gcpypi token list
      gcpypi token list --json
    """
    from datetime import UTC, datetime
    from functools import partial

    from gcpypi.connection.index_connection import connect
    from gcpypi.operating.token_list import list_tokens
    from gcpypi.operating.token_secret import find_uses, open_token_store

    connection = connect(
        index_url=index_url,
        gcp_project=gcp_project,
        description=description,
        **set_secret(secret, publish=publish),
    )
    with open_token_store(connection, publish=publish) as store:
        uses = partial(find_uses, connection, publish=publish)
        list_tokens(store.list_tokens(), uses, datetime.now(UTC), as_json=json)


@token.command(cls=HelpCommand)
def rotate(
    selector: Selector,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="name of the new token; default: the old name and the month"
        ),
    ] = None,
    expires_in: Lifetime = None,
    revoke_old: Annotated[
        bool, typer.Option("--revoke-old", help="revoke the old token at once, as after a leak")
    ] = False,
    publish: Publish = False,
    index_url: IndexUrl = None,
    gcp_project: GcpProject = None,
    secret: TokensSecret = None,
    description: Description = None,
) -> None:
    """Create the successor of a token, with its scopes, projects and lifetime.

    Standard output has only the new token. The old one stays valid until it is revoked. The new
    name shows in the access log which of the two is in use.

    Exit codes: 0 done, 1 refused, 2 wrong usage or setting, 4 no access.

    \b
    Examples:
      gcpypi token rotate ci
      gcpypi token rotate ci --name ci-west --expires-in 4w
    """
    from datetime import UTC, datetime

    from gcpypi.connection.index_connection import connect
    from gcpypi.operating.token_changes import rotate_token
    from gcpypi.operating.token_secret import open_token_store

    connection = connect(
        index_url=index_url,
        gcp_project=gcp_project,
        description=description,
        **set_secret(secret, publish=publish),
    )
    with open_token_store(connection, publish=publish) as store:
        rotate_token(
            store,
            selector,
            datetime.now(UTC),
            name=name,
            expires_in=expires_in,
            revoke_old=revoke_old,
        )


@token.command(cls=HelpCommand)
def revoke(
    selector: Annotated[
        str,
        typer.Argument(
            metavar="NAME|DIGEST|-", help="a name, 8 digits of a digest, or - for standard input"
        ),
    ],
    publish: Publish = False,
    index_url: IndexUrl = None,
    gcp_project: GcpProject = None,
    secret: TokensSecret = None,
    description: Description = None,
) -> None:
    """Revoke the tokens of a name, of a digest, or of standard input.

    It usually takes effect within a minute. With "-" the token is on no command line; in a terminal
    the command asks for it without echo.

    Exit codes: 0 done, 1 refused, 2 wrong usage or setting, 4 no access.

    \b
    Examples:
      gcpypi token revoke ci
      printf %s "$LEAKED" | gcpypi token revoke -
    """
    import sys

    from gcpypi.connection.index_connection import connect
    from gcpypi.operating.token_changes import print_revocations
    from gcpypi.operating.token_secret import open_token_store
    from gcpypi.operating.token_values import read_token

    value = read_token(sys.stdin.buffer) if selector == "-" else None
    connection = connect(
        index_url=index_url,
        gcp_project=gcp_project,
        description=description,
        **set_secret(secret, publish=publish),
    )
    with open_token_store(connection, publish=publish) as store:
        print_revocations(store.revoke_value(value) if value else store.revoke(selector))
