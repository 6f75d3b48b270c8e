"""What Terraform would make of it all, and whether that keeps the promises of docs/security.md.

The tests in deploy/terraform/tests look at one module each. Here everything is looked at together,
so that a grant is found wherever it was made.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offline_checks import terraform

ROOT_TESTS = "tests/root.tftest.hcl"
PROXY = "gcpypi-proxy"
PROJECT_ROLES = frozenset(
    {
        "roles/logging.logWriter",
        "roles/logging.viewer",
        "roles/run.viewer",
        "roles/serviceusage.serviceUsageConsumer",
    }
)
"""What may be granted on the whole project: builds write logs, operators look."""

Values = Mapping[str, Any]
"""A resource's arguments, as Terraform's JSON has them."""


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that is made."""

    address: str
    type: str
    values: Values


@dataclass(frozen=True, slots=True)
class Outcome:
    """An installation, and what a second one would change."""

    resources: tuple[Resource, ...]
    changed_again: tuple[str, ...]
    """Addresses of what the second run changes, and names of outputs."""


def outcome(folder: Path) -> Outcome:
    """Install by mock providers, and plan again on what that left."""
    text = terraform.output(folder, ["test", "-json", "-verbose", f"-filter={ROOT_TESTS}"])
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    state = _named(lines, "install", "test_state")
    again = _named(lines, "install_again", "test_plan")
    changes = {c["address"]: c["change"] for c in again.get("resource_changes", ())}
    changes |= again.get("output_changes", {})
    changed = (name for name, change in changes.items() if change["actions"] != ["no-op"])
    return Outcome(tuple(_resources(state["root_module"])), tuple(changed))


def problems(folder: Path) -> list[str]:
    """What the installation of ``folder`` would be that it must not be."""
    found = outcome(folder)
    return [
        *(f"install changes it when run again: {name}" for name in found.changed_again),
        *_grants(found.resources),
        *_services(found.resources),
        *_subscriptions(found.resources),
        *_storage(found.resources),
        *_alerts(found.resources),
    ]


def _named(lines: Iterable[Mapping[str, Any]], run: str, kind: str) -> Mapping[str, Any]:
    for line in lines:
        if line.get("@testrun") == run and line["type"] == kind:
            found: Mapping[str, Any] = line[kind]
            return found
    raise SystemExit(f"the run {run} of {ROOT_TESTS} failed: see the tests")


def _resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    for each in module.get("resources", ()):
        if each["mode"] == "managed":
            yield Resource(each["address"], each["type"], each["values"])
    for child in module.get("child_modules", ()):
        yield from _resources(child)


def _grants(resources: Iterable[Resource]) -> Iterator[str]:
    for each in resources:
        role = each.values.get("role")
        if each.type == "google_service_account_key":
            yield f"{each.address}: a key can be stolen"
        if each.type.endswith("_iam_policy"):
            yield f"{each.address}: a policy replaces what others granted"
        if role in ("roles/owner", "roles/editor", "roles/viewer"):
            yield f"{each.address}: {role} is everything"
        if each.type.startswith("google_project_iam_") and role not in {*PROJECT_ROLES, None}:
            yield f"{each.address}: {role} on the whole project"
        members = {each.values.get("member"), *(each.values.get("members") or ())}
        if everybody := members & {"allUsers", "allAuthenticatedUsers"}:
            yield f"{each.address}: granted to {everybody.pop()}"


def _services(resources: Iterable[Resource]) -> Iterator[str]:
    invoked = {
        each.values["name"]: each.values["members"]
        for each in resources
        if each.type == "google_cloud_run_v2_service_iam_binding"
    }
    for each in resources:
        name = each.values.get("name")
        if each.type != "google_cloud_run_v2_service" or name == PROXY:
            continue
        if each.values["ingress"] != "INGRESS_TRAFFIC_INTERNAL_ONLY":
            yield f"{each.address}: reached from outside"
        if each.values["invoker_iam_disabled"] or len(invoked.get(str(name), ())) != 1:
            yield f"{each.address}: invoked by others than the pusher"


def _subscriptions(resources: tuple[Resource, ...]) -> Iterator[str]:
    may_take = _of_the_agent(resources, "google_pubsub_subscription_iam_member", "subscription")
    may_write = _of_the_agent(resources, "google_pubsub_topic_iam_member", "topic")
    kept = {each.values["topic"] for each in resources if each.type == "google_pubsub_subscription"}
    for each in resources:
        if each.type != "google_pubsub_subscription":
            continue
        if [policy["ttl"] for policy in each.values["expiration_policy"]] != [""]:
            yield f"{each.address}: expires"
        if not each.values["push_config"]:
            continue
        letters = {policy["dead_letter_topic"] for policy in each.values["dead_letter_policy"]}
        if not letters or not letters <= kept:
            yield f"{each.address}: its dead letters are lost"
        if each.values["id"] not in may_take or not letters <= may_write:
            yield f"{each.address}: Pub/Sub may not move its dead letters"


def _of_the_agent(resources: Iterable[Resource], kind: str, key: str) -> set[str]:
    """What Pub/Sub's own identity has a role on."""
    return {
        each.values[key]
        for each in resources
        if each.type == kind
        and each.values["member"].endswith("@gcp-sa-pubsub.iam.gserviceaccount.com")
    }


def _storage(resources: tuple[Resource, ...]) -> Iterator[str]:
    """Predefined roles that may write objects are refused outright, wherever they are granted."""
    may_delete = {
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
            yield f"{each.address}: {role} bundles too much"
        if role in may_delete and bucket.endswith(("-packages", "-incoming")):
            yield f"{each.address}: may delete and overwrite in {bucket}"
    yield from _viewers(resources)


def _viewers(resources: tuple[Resource, ...]) -> Iterator[str]:
    """Cloud Storage gives these roles to every viewer of the project, unless they are bound."""
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


def _alerts(resources: Iterable[Resource]) -> Iterator[str]:
    for each in resources:
        is_alert = each.type == "google_monitoring_alert_policy"
        if is_alert and not each.values["notification_channels"]:
            yield f"{each.address}: is paid for, and tells nobody"


if __name__ == "__main__":
    made = outcome(Path(sys.argv[1])).resources
    json.dump(
        [{"address": each.address, "type": each.type, **each.values} for each in made], sys.stdout
    )
