"""Rights of the operators in a planned installation."""

from collections.abc import Iterable, Iterator, Mapping

from offline_checks.planned_resource import PlannedResource, Values

PROJECT = "project"
"""Resource of a grant on the whole Google Cloud project."""

PREDEFINED: Mapping[str, tuple[str, ...]] = {
    "roles/logging.viewer": ("logging.logEntries.list",),
    "roles/monitoring.viewer": ("monitoring.alertPolicies.list", "monitoring.timeSeries.list"),
    "roles/pubsub.publisher": ("pubsub.topics.publish",),
    "roles/pubsub.subscriber": ("pubsub.subscriptions.consume",),
    "roles/run.jobsExecutor": ("run.jobs.run",),
    "roles/run.viewer": ("run.executions.get", "run.jobs.get", "run.services.get"),
    "roles/secretmanager.secretAccessor": ("secretmanager.versions.access",),
    "roles/secretmanager.secretVersionManager": tuple(
        f"secretmanager.versions.{verb}" for verb in ("add", "destroy", "get", "list")
    ),
    "roles/serviceusage.serviceUsageConsumer": ("serviceusage.services.use",),
}
"""Permissions of Google's roles that the runbooks need.

https://cloud.google.com/iam/docs/roles-permissions
"""

Grant = tuple[str, str]
"""Permission and resource: a name, ``project``, or ``<bucket>/<first folder>/``."""

_NAMES: Mapping[str, tuple[str, str]] = {
    "google_pubsub_topic_iam_member": ("topic", "google_pubsub_topic"),
    "google_pubsub_subscription_iam_member": ("subscription", "google_pubsub_subscription"),
    "google_secret_manager_secret_iam_member": ("secret_id", "google_secret_manager_secret"),
    "google_cloud_run_v2_job_iam_binding": ("name", "google_cloud_run_v2_job"),
}
"""Argument with the resource of a grant, and the type of that resource."""


def list_grants(resources: Iterable[PlannedResource], member: str) -> frozenset[Grant]:
    """Return the rights of ``member``, for example of a group of operators."""
    found = list(resources)
    roles = {**PREDEFINED, **_list_custom_roles(found)}
    names = _list_names(found)
    return frozenset(
        (permission, place)
        for each in found
        if _is_member(each.values, member)
        for place in _list_places(each, names)
        for permission in roles.get(each.values["role"], ())
    )


def _list_custom_roles(resources: Iterable[PlannedResource]) -> Mapping[str, tuple[str, ...]]:
    return {
        each.values["id"]: tuple(each.values["permissions"])
        for each in resources
        if each.type == "google_project_iam_custom_role"
    }


def _list_names(resources: Iterable[PlannedResource]) -> Mapping[tuple[str, str], str]:
    """Return the names of resources by their type and id, and by their type and name."""
    kinds = {kind for _, kind in _NAMES.values()}
    names: dict[tuple[str, str], str] = {}
    for each in resources:
        if each.type in kinds:
            name = each.values.get("secret_id") or each.values["name"]
            names[each.type, name] = names[each.type, each.values["id"]] = name
    return names


def _is_member(values: Values, member: str) -> bool:
    return member == values.get("member") or member in (values.get("members") or ())


def _list_places(grant: PlannedResource, names: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """Yield the resource of a grant; for some objects of a bucket, each of their folders."""
    if grant.type == "google_project_iam_member":
        yield PROJECT
    elif grant.type == "google_storage_bucket_iam_member":
        bucket = grant.values["bucket"].rpartition("-gcpypi-")[2]
        conditions = [each["title"] for each in grant.values["condition"]]
        prefixes = [prefix for title in conditions for prefix in title[5:].split(", ")]
        yield from (f"{bucket}/{prefix.partition('/')[0]}/" for prefix in prefixes)
        if not conditions:
            yield bucket
    elif grant.type in _NAMES:
        argument, kind = _NAMES[grant.type]
        yield names[kind, grant.values[argument]]
