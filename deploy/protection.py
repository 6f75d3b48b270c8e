"""Protection of the data of an installation from ``deploy/install`` and ``deploy/uninstall``.

``python3 deploy/protection.py place`` reads Terraform's state from standard input and compares its
project and region with those of the command line. ``python3 deploy/protection.py plan`` reads a
plan (``terraform show -json``) and refuses it if it destroys data. The exit code of a refusal is 2.
Only the standard library is used, because the scripts run before anything is installed.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

PROTECTED = frozenset(
    {
        "google_artifact_registry_repository",
        "google_secret_manager_secret",
        "google_storage_bucket",
    }
)
"""Types of the resources that hold data: buckets, secrets and the repository of the images."""

Json = Mapping[str, Any]


def find_other_places(state: Json, project: str, region: str) -> Iterator[str]:
    """Yield the resources of the state that are in another project or region.

    The region of a bucket is not compared: a bucket can have several regions.
    """
    for address, attributes in _list_protected(state):
        found = attributes.get("project")
        if found not in {None, "", project}:
            yield f"{address} is in the project {found}, not in {project}: use --project {found}"
        locations = list(_list_locations(attributes))
        if locations and region not in locations:
            yield f"{address} is in {locations[0]}, not in {region}: use --region {locations[0]}"


def is_empty(state: Json) -> bool:
    """Return whether the state has no resource that holds data."""
    return not list(_list_protected(state))


def find_losses(plan: Json) -> list[str]:
    """Return the addresses of the resources with data that a plan destroys or replaces."""
    return [
        each["address"]
        for each in plan.get("resource_changes", ())
        if each["type"] in PROTECTED and "delete" in each["change"]["actions"]
    ]


def check_place(state: Json, options: argparse.Namespace) -> list[str]:
    """Return the reasons to refuse the project and the region of the command line."""
    problems = list(find_other_places(state, options.project, options.region))
    location = options.state_bucket_location.lower()
    if not problems and is_empty(state) and location != options.region:
        problems.append(
            f"the bucket of Terraform's state is in {location}, not in {options.region}: use "
            f"--region {location}, or delete this bucket, because its state has no resources"
        )
    return problems


def check_plan(plan: Json, options: argparse.Namespace) -> list[str]:
    """Return the reasons to refuse a plan."""
    problems = [f"the plan destroys {address}" for address in find_losses(plan)]
    if problems:
        problems.append(
            "nothing was changed. Compare terraform.tfvars and the version of this checkout with "
            "the installation; without --yes Terraform shows the whole plan"
        )
    return problems


def _list_protected(state: Json) -> Iterator[tuple[str, Json]]:
    """Yield the address and the attributes of each resource in a state file that holds data."""
    for each in state.get("resources", ()):
        if each["mode"] == "managed" and each["type"] in PROTECTED:
            parts = (each.get("module"), each["type"], each["name"])
            address = ".".join(part for part in parts if part)
            for instance in each["instances"]:
                yield address, instance["attributes"]


def _list_locations(attributes: Json) -> Iterator[str]:
    """Yield the regions of a repository or a secret; nothing for a bucket."""
    if "repository_id" in attributes:
        yield attributes["location"]
    for replication in attributes.get("replication") or ():
        for managed in replication.get("user_managed") or ():
            yield from (replica["location"] for replica in managed["replicas"])


def main() -> int:
    """Read JSON from standard input, print the reasons of a refusal and return the exit code."""
    parser = argparse.ArgumentParser(prog="protection.py")
    commands = parser.add_subparsers(dest="command", required=True)
    place = commands.add_parser("place", help="compare the state with the command line")
    for name in ("--project", "--region", "--state-bucket-location"):
        place.add_argument(name, required=True)
    place.set_defaults(check=check_place)
    commands.add_parser("plan", help="refuse a loss of data").set_defaults(check=check_plan)
    options = parser.parse_args()
    text = sys.stdin.read()
    # Terraform prints nothing for a state that does not exist yet.
    document = {} if options.command == "place" and not text.strip() else json.loads(text)
    problems: list[str] = options.check(document, options)
    for problem in problems:
        print(f"refused: {problem}", file=sys.stderr)
    return 2 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
