"""Checks of a whole planned installation against the promises of docs/security.md.

Each test in deploy/terraform/tests covers one module. These checks cover all modules together, so
they find a grant in any of them.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from offline_checks import planned_grants, terraform
from offline_checks.planned_resource import PlannedResource, Values

ROOT_TESTS = "tests/root.tftest.hcl"
PUBLIC = frozenset({"gcpypi-proxy", "gcpypi-upload"})
"""Services that accept requests from the internet; they require a token themselves."""
PROJECT_ROLES = frozenset(
    {
        "roles/logging.logWriter",
        "roles/logging.viewer",
        "roles/monitoring.viewer",
        "roles/run.viewer",
        "roles/serviceusage.serviceUsageConsumer",
    }
)
"""Roles that may be granted on the Google Cloud project: builds write logs, operators read."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Installation by a mock provider, and the changes that a second run would make."""

    resources: tuple[PlannedResource, ...]
    changed_again: tuple[str, ...]
    """Addresses of resources, and names of outputs, that the second run changes."""


def install(folder: Path) -> Installation:
    """Install with mock providers, and plan again on the result."""
    lines = run_root_tests(folder)
    state = find_test_run(lines, "install", "test_state")
    again = find_test_run(lines, "install_again", "test_plan")
    changes = {c["address"]: c["change"] for c in again.get("resource_changes", ())}
    changes |= again.get("output_changes", {})
    changed = (name for name, change in changes.items() if change["actions"] != ["no-op"])
    return Installation(tuple(_list_resources(state["root_module"])), tuple(changed))


def find_problems(found: Installation) -> list[str]:
    """Return the broken promises of an installation."""
    return [
        *(f"install changes it when run again: {name}" for name in found.changed_again),
        *_check_grants(found.resources),
        *_check_services(found.resources),
        *_check_subscriptions(found.resources),
        *planned_grants.find_problems(found.resources),
    ]


def run_root_tests(folder: Path) -> list[Values]:
    """Run the tests of the root module; return Terraform's messages."""
    command = ["test", "-json", "-verbose", f"-filter={ROOT_TESTS}"]
    with terraform.copy_for_tests(folder) as copy:
        text = terraform.capture_output(copy, command)
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def find_test_run(lines: Iterable[Values], run: str, kind: str) -> Values:
    """Return the state (``test_state``) or the plan (``test_plan``) of a run.

    :raises SystemExit: if that run failed.
    """
    for line in lines:
        if line.get("@testrun") == run and line["type"] == kind:
            found: Values = line[kind]
            return found
    raise SystemExit(f"the run {run} of {ROOT_TESTS} failed: see the output of the part test")


def _list_resources(module: Values) -> Iterator[PlannedResource]:
    for each in module.get("resources", ()):
        if each["mode"] == "managed":
            yield PlannedResource(each["address"], each["type"], each["values"])
    for child in module.get("child_modules", ()):
        yield from _list_resources(child)


def _check_grants(resources: Iterable[PlannedResource]) -> Iterator[str]:
    for each in resources:
        role = each.values.get("role")
        if each.type == "google_service_account_key":
            yield f"{each.address}: a key can be stolen"
        if each.type.endswith("_iam_policy"):
            yield f"{each.address}: a policy replaces the grants of others"
        if role in ("roles/owner", "roles/editor", "roles/viewer"):
            yield f"{each.address}: {role} is too broad"
        if each.type.startswith("google_project_iam_") and role not in {*PROJECT_ROLES, None}:
            yield f"{each.address}: {role} on the whole project"
        members = {each.values.get("member"), *(each.values.get("members") or ())}
        if public := members & {"allUsers", "allAuthenticatedUsers"}:
            yield f"{each.address}: granted to {public.pop()}"


def _check_services(resources: Iterable[PlannedResource]) -> Iterator[str]:
    invoked = {
        each.values["name"]: each.values["members"]
        for each in resources
        if each.type == "google_cloud_run_v2_service_iam_binding"
    }
    for each in resources:
        name = each.values.get("name")
        if each.type != "google_cloud_run_v2_service" or name in PUBLIC:
            continue
        if each.values["ingress"] != "INGRESS_TRAFFIC_INTERNAL_ONLY":
            yield f"{each.address}: reachable from outside"
        if each.values["invoker_iam_disabled"] or len(invoked.get(str(name), ())) != 1:
            yield f"{each.address}: invokers other than the pusher"


def _check_subscriptions(resources: tuple[PlannedResource, ...]) -> Iterator[str]:
    kind = "google_pubsub_subscription_iam_member"
    readable = _list_grants_of_agent(resources, kind, "subscription")
    writable = _list_grants_of_agent(resources, "google_pubsub_topic_iam_member", "topic")
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
        if each.values["id"] not in readable or not letters <= writable:
            yield f"{each.address}: Pub/Sub may not move its dead letters"


def _list_grants_of_agent(resources: Iterable[PlannedResource], kind: str, key: str) -> set[str]:
    """Return the topics or subscriptions with a grant to the service agent of Pub/Sub."""
    return {
        each.values[key]
        for each in resources
        if each.type == kind
        and each.values["member"].endswith("@gcp-sa-pubsub.iam.gserviceaccount.com")
    }


if __name__ == "__main__":
    found = install(Path(sys.argv[1])).resources
    json.dump(
        [{"address": each.address, "type": each.type, **each.values} for each in found], sys.stdout
    )
