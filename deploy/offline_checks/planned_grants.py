"""Checks of the grants of a planned installation on topics, accounts, the secrets and buckets."""

import re
from collections.abc import Iterator

from offline_checks.planned_resource import PlannedResource

AUTHORITIES = frozenset({"gcpypi-ingest", "gcpypi-repair"})
"""Accounts that may publish commands with their author: ingest, and the replay of dead letters."""
COMMANDS = "command-accepted"
"""Topic for commands with their author; its subscribers believe the author."""
PUBLISHING_TOKENS = "gcpypi-uploaders"
"""Secret without a writer: gcpypi gives no account the right to add versions."""
ACCESSOR = "roles/secretmanager.secretAccessor"
WEB = "gcpypi-web"
"""Account of the service that renders descriptions of projects, which are hostile."""
WEB_PAGES = frozenset({"projects/", "pypi/"})
"""Prefixes of the objects that it may write."""
_PREFIX = re.compile(
    r'resource\.name\.startsWith\("projects/_/buckets/[^"/]+-static/objects/([^"]*)"\)'
)


def find_problems(resources: tuple[PlannedResource, ...]) -> Iterator[str]:
    """Yield the broken promises about the rights of single identities."""
    yield from _check_commands(resources)
    yield from _check_storage(resources)
    yield from _check_accounts(resources)
    yield from _check_publishing_tokens(resources)
    yield from _check_web(resources)


def _check_commands(resources: tuple[PlannedResource, ...]) -> Iterator[str]:
    """Find identities besides :data:`AUTHORITIES` that may publish commands with an author."""
    [topic] = [
        each.values["id"]
        for each in resources
        if each.type == "google_pubsub_topic" and each.values["name"] == COMMANDS
    ]
    allowed = {
        each.values["member"]
        for each in resources
        if each.type == "google_service_account" and each.values["account_id"] in AUTHORITIES
    }
    for each in resources:
        if not each.type.startswith("google_pubsub_topic_iam_") or each.values["topic"] != topic:
            continue
        members = {each.values.get("member"), *(each.values.get("members") or ())} - {None}
        if not members or not members <= allowed:
            yield f"{each.address}: may publish commands in the name of any author"


def _check_storage(resources: tuple[PlannedResource, ...]) -> Iterator[str]:
    """Find grants that can overwrite packages; allow no predefined role that writes objects."""
    deleting = {
        each.values["id"]
        for each in resources
        if each.type == "google_project_iam_custom_role"
        and "storage.objects.delete" in each.values["permissions"]
    }
    for each in resources:
        if each.type != "google_storage_bucket_iam_member":
            continue
        bucket, role = each.values["bucket"], each.values["role"]
        if role.startswith("roles/") and role != "roles/storage.objectViewer":
            yield f"{each.address}: {role} has too many permissions"
        if role in deleting and bucket.endswith(("-packages", "-incoming")):
            yield f"{each.address}: may delete and overwrite in {bucket}"
    yield from _check_viewers(resources)


def _check_accounts(resources: tuple[PlannedResource, ...]) -> Iterator[str]:
    """Find services that may use the service account of another identity.

    A member from outside, for example a CI or the agent of Cloud Build, is no account of this list.
    """
    names = {
        each.values["member"]: each.values["name"]
        for each in resources
        if each.type == "google_service_account"
    }
    for each in resources:
        if each.type != "google_service_account_iam_member":
            continue
        own = names.get(each.values["member"])
        if own is not None and own != each.values["service_account_id"]:
            yield f"{each.address}: may use the account of another identity"


def _check_publishing_tokens(resources: tuple[PlannedResource, ...]) -> Iterator[str]:
    """Find grants that let an identity besides the owners create publishing tokens."""
    [secret] = [
        each.values["id"]
        for each in resources
        if each.type == "google_secret_manager_secret"
        and each.values["secret_id"] == PUBLISHING_TOKENS
    ]
    for each in resources:
        if not each.type.startswith("google_secret_manager_secret_iam_"):
            continue
        if each.values["secret_id"] == secret and each.values["role"] != ACCESSOR:
            yield f"{each.address}: may create publishing tokens"


def _check_web(resources: tuple[PlannedResource, ...]) -> Iterator[str]:
    """Find rights of the service web besides reading, and writing its own pages."""
    members = {
        each.values["member"]
        for each in resources
        if each.type == "google_service_account" and each.values["account_id"] == WEB
    }
    reading = {
        each.values["id"]
        for each in resources
        if each.type == "google_project_iam_custom_role"
        and set(each.values["permissions"]) <= {"storage.objects.get", "storage.objects.list"}
    }
    for each in resources:
        if each.values.get("member") not in members or each.type == "google_service_account":
            continue
        is_storage = each.type == "google_storage_bucket_iam_member"
        if is_storage and each.values["role"] in reading:
            continue
        conditions = (each.values.get("condition") or ()) if is_storage else ()
        terms = [term for one in conditions for term in one["expression"].split(" || ")]
        found = [_PREFIX.fullmatch(term) for term in terms]
        if not found or not {match[1] if match else "" for match in found} <= WEB_PAGES:
            yield f"{each.address}: web may write more than the pages for people"


def _check_viewers(resources: tuple[PlannedResource, ...]) -> Iterator[str]:
    """Find buckets without bindings of two roles.

    Cloud Storage grants them to every viewer of the Google Cloud project by default.
    """
    bound = {
        (each.values["bucket"], each.values["role"]): set(each.values["members"])
        for each in resources
        if each.type == "google_storage_bucket_iam_binding"
    }
    for each in resources:
        if each.type != "google_storage_bucket":
            continue
        for role in ("roles/storage.legacyBucketReader", "roles/storage.legacyObjectReader"):
            members = bound.get((each.values["name"], role), {"projectViewer:"})
            if any(member.startswith("projectViewer:") for member in members):
                yield f"{each.address}: every viewer of the project has {role}"
