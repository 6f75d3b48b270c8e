"""Sentences for the errors of Google Cloud, each with its remedy."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cloud.errors import CloudError, MissingCredentials, NotFound, PermissionDenied, Unavailable
from gcpypi.errors import CommandFailure, ExitCode

Remedies = Mapping[type[CloudError], str]

SIGN_IN = "gcloud auth application-default login"
_NO_CREDENTIALS = ("credentials were not found", "reauth", "invalid_grant")
"""Parts of the messages of google-auth without a sign-in, or after its end."""
_REMEDIES: Remedies = {
    PermissionDenied: "ask an owner of the Google Cloud project for the role",
    NotFound: "check GCPYPI_INDEX_URL, and install gcpypi first",
    Unavailable: f"try again later; after the end of a sign-in: {SIGN_IN}",
}


@contextmanager
def explain_cloud_errors(remedies: Remedies | None = None) -> Iterator[None]:
    """Raise each error of Google Cloud as a :class:`CommandFailure` with its remedy.

    :param remedies: remedies by kind of error, which precede the general ones.
    """
    try:
        yield
    except CloudError as error:
        raise explain_cloud_error(error, remedies) from error


def is_signed_out(error: CloudError) -> bool:
    """Return whether the caller has no valid credentials of Google Cloud."""
    return isinstance(error, MissingCredentials) or any(
        sign in str(error) for sign in _NO_CREDENTIALS
    )


def explain_cloud_error(error: CloudError, remedies: Remedies | None = None) -> CommandFailure:
    """Return an error of Google Cloud as the failure of a command."""
    if is_signed_out(error):
        text = f"{error.subject}: there are no valid credentials of Google Cloud. Run {SIGN_IN}"
        return CommandFailure(text, ExitCode.UNAVAILABLE)
    known = {**_REMEDIES, **(remedies or {})}
    remedy = next((text for kind, text in known.items() if isinstance(error, kind)), "")
    text = f"{error}. {remedy[:1].upper()}{remedy[1:]}" if remedy else str(error)
    return CommandFailure(text, ExitCode.UNAVAILABLE)
