"""Terraform's plan for an upgrade of an installation of an earlier release.

``installations/`` contains the state and the variables of such installations, named after their
commits. ``python -m offline_checks.upgrade FOLDER`` records the state of the configuration in
``FOLDER`` from its mock apply and prints it; the variables are those of its ``root.tftest.hcl``.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from offline_checks import planned, terraform

INSTALLATIONS = Path(__file__).with_name("installations")
IDENTIFYING = (
    *("account_id", "workload_identity_pool_id", "workload_identity_pool_provider_id", "name"),
    *("role_id", "secret_id", "repository_id", "service_account_id", "location", "project"),
    *("bucket", "topic", "subscription", "role", "member"),
)
"""Arguments that identify a resource: Google Cloud replaces the resource if one changes."""

REPLACEABLE = frozenset({"google_monitoring_alert_policy"})
"""Types that an upgrade may replace, because they hold no data.

A ``moved`` block in place of a replacement stops ``terraform apply -target``.
"""

_FORMER_NAME = re.compile(r"^publishers\b", re.MULTILINE)
_LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'
PLAN = ("plan", "-no-color", "-input=false", "-refresh=false", "-lock=false", "-out=upgrade")

Json = Mapping[str, Any]


def find_problems(folder: Path) -> list[str]:
    """Return the losses that an upgrade to the configuration in ``folder`` would cause.

    Plan with the recorded variables, and with the new name of those that were renamed.
    """
    found = []
    for file in sorted(INSTALLATIONS.glob("*.tfstate")):
        state = json.loads(file.read_text("utf-8"))
        variables = file.with_suffix(".tfvars").read_text("utf-8")
        found += [
            f"upgrade from {file.stem}: {each}" for each in _find_refusals(folder, state, variables)
        ]
        for text in (variables, _FORMER_NAME.sub("uploaders", variables)):
            losses = _find_losses(_plan(folder, state, text))
            found += [f"upgrade from {file.stem}: {each}" for each in losses]
    return list(dict.fromkeys(found))


def _find_refusals(folder: Path, state: Json, variables: str) -> Iterator[str]:
    """Yield the targets of deploy/install and deploy/uninstall that Terraform refuses to plan."""
    script = (folder.parent / "uninstall").read_text("utf-8")
    [modules] = re.findall(r"^readonly WITHOUT_DATA=\((.*)\)$", script, re.MULTILINE)
    targets = [f"-target=module.{each}" for each in modules.split()]
    targets += re.findall(r"-target=module\.backup\.[a-z_.]+", script)
    is_former = any(
        each.get("module", "").startswith("module.publishers") for each in state["resources"]
    )
    overrides = [folder.parent / "overrides/registry_override.tf"]
    rename = [("state", "mv", "-lock=false", "module.publishers", "module.uploaders")]
    for options in (["-target=module.registry"], ["-destroy", *targets]):
        commands = [*(rename if is_former else []), (*PLAN, *options)]
        done = run_with_state(folder, state, variables, commands, overrides)
        if done.returncode:
            yield f"Terraform refuses {' '.join(options)}: {done.stdout}"


def record_state(folder: Path) -> dict[str, Any]:
    """Return the state after a mock apply of the configuration in ``folder``, as a state file."""
    recorded = planned.find_test_run(planned.run_root_tests(folder), "install", "test_state")
    return {
        "version": 4,
        "terraform_version": "1.5.0",
        "serial": 1,
        "lineage": "mock",
        "outputs": {},
        "resources": list(_convert_resources(recorded["root_module"], "")),
    }


def _convert_resources(module: Json, address: str) -> Iterator[dict[str, object]]:
    """Yield each resource instance in the form of a state file; leave out attributes without value.

    :param address: address of the module; empty for the root.
    """
    for each in module.get("resources", ()):
        instance = {
            **({"index_key": each["index"]} if "index" in each else {}),
            "schema_version": each["schema_version"],
            "attributes": {k: v for k, v in each["values"].items() if v is not None},
        }
        yield {
            **({"module": address} if address else {}),
            **{key: each[key] for key in ("mode", "type", "name")},
            "provider": f'provider["{each["provider_name"]}"]',
            "instances": [instance],
        }
    for child in module.get("child_modules", ()):
        yield from _convert_resources(child, child["address"])


def _plan(folder: Path, state: Json, variables: str) -> Json:
    """Plan with the real Terraform.

    :raises SystemExit: if Terraform refuses to plan, with its message.
    """
    done = run_with_state(folder, state, variables, [PLAN, ("show", "-json", "upgrade")])
    if done.returncode:
        raise SystemExit(done.stdout)
    plan: Json = json.loads(done.stdout)
    return plan


def run_with_state(
    folder: Path,
    state: Json,
    variables: str,
    commands: Sequence[Sequence[str]],
    overrides: Iterable[Path] = (),
) -> "subprocess.CompletedProcess[str]":
    """Run the real Terraform on a copy of ``folder`` with a local state; return the last command.

    :param overrides: files that deploy/uninstall copies into the modules of the copy.
    """
    data = {
        each["type"]: each["instances"][0]["attributes"]
        for each in state["resources"]
        if each["mode"] == "data"
    }
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary, "terraform")
        shutil.copytree(
            folder, copy, ignore=shutil.ignore_patterns(".terraform*", "*.tfvars", "tests")
        )
        terraform.permit_destruction(copy, overrides)
        (copy / "backend_override.tf").write_text(_LOCAL_BACKEND, "utf-8")
        (copy / "terraform.tfstate").write_text(json.dumps(state), "utf-8")
        (copy / "terraform.tfvars").write_text(variables, "utf-8")
        with terraform.serve_provider(copy, data) as environment:
            environment["TF_DATA_DIR"] = str(Path(temporary, "data"))
            init = ("init", "-no-color", "-input=false")
            return terraform.run_all(copy, [init, *commands], environment)


def _find_losses(plan: Json) -> Iterable[str]:
    for each in plan.get("resource_changes", ()):
        change = each["change"]
        if each["type"] in REPLACEABLE:
            continue
        if "delete" in change["actions"]:
            yield f"destroys {each['address']}"
        elif change["before"] and change["after"]:
            before, after = change["before"], change["after"]
            for name in IDENTIFYING:
                if before.get(name) != after.get(name):
                    yield f"changes {name} of {each['address']}, which replaces it"


if __name__ == "__main__":
    state = record_state(Path(sys.argv[1]))
    lines = ",\n".join(json.dumps(each, sort_keys=True) for each in state.pop("resources"))
    print(f'{json.dumps(state)[:-1]}, "resources": [\n{lines}\n]}}')
