"""Commands ``gcpypi identity``: access by ID tokens of OpenID providers, without a secret."""

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
from gcpypi.subcommands.token import Lifetime

identity = typer.Typer(
    cls=HelpGroup,
    help="Add, list and remove the identities of CI and Google Cloud, which need no stored token.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="name of the identity, for the access log")
]


@identity.command(cls=HelpCommand)
def add(
    name: Name,
    issuer: Annotated[
        str | None, typer.Option(metavar="URL", help="issuer of the ID tokens, their claim iss")
    ] = None,
    claim: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="claim of the ID tokens (repeatable)"),
    ] = None,
    github: Annotated[
        str | None, typer.Option(metavar="REPOSITORY_ID", help="repository of GitHub, by its id")
    ] = None,
    gitlab: Annotated[
        str | None, typer.Option(metavar="PROJECT_ID", help="project of GitLab, by its id")
    ] = None,
    google_service_account: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="service account of Google Cloud")
    ] = None,
    project: ProjectGlobs = None,
    expires_in: Lifetime = None,
    publish: Publish = False,
    uploader: PublishesAs = None,
    index_url: IndexUrl = None,
    gcp_project: GcpProject = None,
    secret: TokensSecret = None,
    description: Description = None,
) -> None:
    """Add an identity: ID tokens of an issuer with these claims.

    An ID token needs all claims. Patterns are for ref, environment, sub and job_workflow_ref.

    \b
    Examples:
      gcpypi identity add ci-readers --github 123456789
      gcpypi identity add release --github 123456789 --claim environment=release \\
        --publish --uploader acme --project 'acme-*'
      gcpypi identity add vm --google-service-account vm@acme.iam.gserviceaccount.com
      gcpypi identity add ci --gitlab 42 --issuer https://gitlab.acme.example
    """
    from gcpypi.connection.index_connection import connect
    from gcpypi.operating.identity_changes import add_identity
    from gcpypi.operating.identity_claims import IdentityOptions
    from gcpypi.operating.token_secret import open_identity_store

    options = IdentityOptions(issuer, claim or (), github, gitlab, google_service_account)
    options.build()
    connection = connect(
        index_url=index_url,
        gcp_project=gcp_project,
        description=description,
        **set_secret(secret, publish=publish),
    )
    with open_identity_store(connection, publish=publish) as store:
        add_identity(
            store,
            name,
            options,
            projects=project or (),
            expires_in=expires_in,
            publish=publish,
            uploader=uploader,
        )


@identity.command(name="list", cls=HelpCommand)
def list_all(
    json: Json = False,
    publish: Publish = False,
    index_url: IndexUrl = None,
    gcp_project: GcpProject = None,
    secret: TokensSecret = None,
    description: Description = None,
) -> None:
    """List the identities. A removed or expired one is listed as "ended" for a day.

    \b
    Examples:
      gcpypi identity list
      gcpypi identity list --publish --json
    """
    from datetime import UTC, datetime

    from gcpypi.connection.index_connection import connect
    from gcpypi.operating.identity_changes import list_identities
    from gcpypi.operating.token_secret import open_identity_store

    connection = connect(
        index_url=index_url,
        gcp_project=gcp_project,
        description=description,
        **set_secret(secret, publish=publish),
    )
    with open_identity_store(connection, publish=publish) as store:
        list_identities(store.list_identities(), datetime.now(UTC), as_json=json)


@identity.command(cls=HelpCommand)
def remove(
    name: Name,
    publish: Publish = False,
    index_url: IndexUrl = None,
    gcp_project: GcpProject = None,
    secret: TokensSecret = None,
    description: Description = None,
) -> None:
    """Remove the identities of a name. It usually takes effect within a minute.

    \b
    Examples:
      gcpypi identity remove ci-readers
      gcpypi identity remove release --publish
    """
    from gcpypi.connection.index_connection import connect
    from gcpypi.operating.identity_changes import remove_identity
    from gcpypi.operating.token_secret import open_identity_store

    connection = connect(
        index_url=index_url,
        gcp_project=gcp_project,
        description=description,
        **set_secret(secret, publish=publish),
    )
    with open_identity_store(connection, publish=publish) as store:
        remove_identity(store, name)
