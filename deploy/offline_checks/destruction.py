"""Check that only deploy/uninstall can destroy the resources with data.

Buckets, secrets and the repository of the images have ``prevent_destroy``, which Terraform accepts
only as a literal. deploy/uninstall copies the files of deploy/overrides into the modules of a copy.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from offline_checks import planned_resource, upgrade
from protection import PROTECTED

_RESOURCE = re.compile(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}$', re.MULTILINE | re.DOTALL)
_REFUSED = re.compile(r"Resource\s+(\S+)\s+has\s+lifecycle.prevent_destroy\s+set")
_DESTROY = (*upgrade.PLAN, "-destroy")
_ALLOWED = "prevent_destroy = false"
_REFUSING = "prevent_destroy = true"


def find_problems(root: Path) -> list[str]:
    """Return the resources with data that Terraform can destroy, or that uninstall cannot."""
    folder, overrides = root / "deploy/terraform", root / "deploy/overrides"
    return [*_check_files(folder, overrides), *_check_plans(folder, overrides)]


def _check_files(folder: Path, overrides: Path) -> Iterator[str]:
    """Compare each resource with data with the override for it."""
    for file in sorted(folder.rglob("*.tf")):
        module = file.parent.name
        override = overrides / f"{module}_override.tf"
        text = override.read_text("utf-8") if override.exists() else ""
        permitted = {
            (kind, name) for kind, name, body in _RESOURCE.findall(text) if _ALLOWED in body
        }
        for kind, name, body in _RESOURCE.findall(file.read_text("utf-8")):
            address = f"module.{module}.{kind}.{name}"
            if kind in PROTECTED and _REFUSING not in body:
                yield f"{address}: Terraform can destroy it"
            if kind in PROTECTED and (kind, name) not in permitted:
                yield f"{address}: {override.name} does not permit to destroy it"


def _check_plans(folder: Path, overrides: Path) -> Iterator[str]:
    """Plan the destruction of the recorded installations, without and with the overrides."""
    for file in sorted(upgrade.INSTALLATIONS.glob("*.tfstate")):
        state = json.loads(file.read_text("utf-8"))
        variables = file.with_suffix(".tfvars").read_text("utf-8")
        done = upgrade.run_with_state(folder, state, variables, [_DESTROY])
        refused = set(_REFUSED.findall(" ".join(done.stdout.split())))
        for address in sorted(_list_addresses(state) - refused):
            yield f"{address}: Terraform plans to destroy it"
        files = sorted(overrides.glob("*_override.tf"))
        done = upgrade.run_with_state(folder, state, variables, [_DESTROY], files)
        if done.returncode:
            yield f"deploy/uninstall cannot destroy an installation of {file.stem}: {done.stdout}"


def _list_addresses(state: planned_resource.Values) -> set[str]:
    """Return the addresses of the resources with data, in the form of Terraform's messages."""
    return {
        f"{each['module']}.{each['type']}.{each['name']}"
        + (f'["{instance["index_key"]}"]' if "index_key" in instance else "")
        for each in state["resources"]
        for instance in each["instances"]
        if each["type"] in PROTECTED
    }
