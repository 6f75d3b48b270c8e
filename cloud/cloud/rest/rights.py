"""Rights of the caller on buckets, topics and secrets (``testIamPermissions``)."""

from collections.abc import Collection, Mapping, Sequence

from cloud.errors import Unavailable
from cloud.rest.google_api import GoogleApi

STORAGE = "https://storage.googleapis.com"
PUBSUB = "https://pubsub.googleapis.com"


def list_bucket_rights(api: GoogleApi, bucket: str, permissions: Sequence[str]) -> Collection[str]:
    """Return those of the permissions that the caller has on the whole bucket.

    A permission under a condition, such as a prefix, is not among them.
    https://cloud.google.com/storage/docs/json_api/v1/buckets/testIamPermissions

    :raises NotFound: if the bucket does not exist.
    """
    path = f"storage/v1/b/{bucket}/iam/testPermissions"
    return _read_permissions(f"gs://{bucket}", api.get(path, {"permissions": list(permissions)}))


def list_rights(api: GoogleApi, resource: str, permissions: Sequence[str]) -> Collection[str]:
    """Return those of the permissions that the caller has on a topic or a secret.

    :param resource: ``projects/…/topics/…`` or ``projects/…/secrets/…``.
    :raises NotFound: if the resource does not exist.
    """
    path = f"v1/{resource}:testIamPermissions"
    return _read_permissions(
        resource, api.post(path, {"permissions": list(permissions)}, has_effect=False)
    )


def _read_permissions(resource: str, answer: Mapping[str, object]) -> Collection[str]:
    found = answer.get("permissions", [])
    if not isinstance(found, list):
        raise Unavailable(resource, "unexpected response: permissions is not a list")
    return frozenset(map(str, found))
