"""Translation of the exceptions of Google's gRPC clients to :mod:`cloud.errors`."""

from collections.abc import Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager

from google.api_core import exceptions
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError

from cloud import errors


@contextmanager
def translate_errors(subject: str) -> Iterator[None]:
    """Raise exceptions of the client library as ``CloudError`` with ``subject``."""
    try:
        yield
    except exceptions.PermissionDenied as error:
        raise errors.PermissionDenied(subject, str(error)) from error
    except exceptions.NotFound as error:
        raise errors.NotFound(subject, str(error)) from error
    except (DefaultCredentialsError, RefreshError) as error:
        raise errors.MissingCredentials(subject, str(error)) from error
    except (exceptions.GoogleAPIError, GoogleAuthError, FutureTimeoutError) as error:
        raise errors.Unavailable(subject, str(error)) from error
