"""``python -m offline_checks [--root FOLDER] [PART…]``: check the deployment without a cloud.

=========== ==================================================================
part        checks
=========== ==================================================================
format      formatting of the Terraform files
validate    names and types of all arguments; required arguments
test        the tests in deploy/terraform/tests, also with the example tfvars
planned     promises of a whole installation; a second install changes nothing;
            alerts; rights of operators for the commands of the runbooks;
            rights to publish come after the subscriptions
upgrade     an upgrade from an earlier release destroys and renames nothing
destruction only deploy/uninstall can destroy buckets, secrets and the repository
policy      checkov, with the exceptions and reasons of checkov.yaml
shell       shellcheck
commands    every gcloud and terraform command of scripts, examples and docs
=========== ==================================================================
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from offline_checks import commands, destruction, order, planned, provider, terraform, upgrade
from offline_checks.runbooks import alerts, permissions

BIN = Path(sys.executable).parent
SCRIPTS = ("deploy/install", "deploy/uninstall", "deploy/commands.sh", "examples/publish.sh")

Part = Callable[[Path], bool]
"""Check of the repository in a folder: prints each problem and returns whether there is none."""


def _check_format(root: Path) -> bool:
    command = ["terraform", "fmt", "-check", "-recursive", "-diff", "deploy/terraform"]
    return _succeeds(command, root)


def _check_arguments(root: Path) -> bool:
    init = ["init", "-backend=false", "-input=false", "-no-color"]
    return terraform.run(root / "deploy/terraform", [init, ["validate", "-no-color"]]) == 0


def _run_tests(root: Path) -> bool:
    example = ["-var-file=terraform.tfvars.example", "-filter=tests/example.tftest.hcl"]
    tests = [["test", "-no-color"], ["test", "-no-color", *example]]
    with terraform.copy_for_tests(root / "deploy/terraform") as copy:
        return terraform.run(copy, tests) == 0


def _check_plan(root: Path) -> bool:
    found = planned.install(root / "deploy/terraform")
    problems = [
        *planned.find_problems(found),
        *order.find_problems(root / "deploy/terraform"),
        *alerts.find_problems(found.resources, root / "docs/operate.md"),
        *permissions.find_problems(found.resources, root / "docs"),
    ]
    return _print_problems(problems)


def _check_upgrade(root: Path) -> bool:
    return _print_problems(upgrade.find_problems(root / "deploy/terraform"))


def _check_destruction(root: Path) -> bool:
    return _print_problems(destruction.find_problems(root))


def _check_policy(root: Path) -> bool:
    exceptions = Path(__file__).with_name("checkov.yaml")
    checkov = [str(BIN / "checkov"), "--config-file", str(exceptions)]
    return _succeeds([*checkov, "--directory", "deploy/terraform"], root)


def _check_shell(root: Path) -> bool:
    return _succeeds([str(BIN / "shellcheck"), "--external-sources", *SCRIPTS], root)


def _check_commands(root: Path) -> bool:
    return _print_problems(commands.find_problems(root))


PARTS: Mapping[str, Part] = {
    "format": _check_format,
    "validate": _check_arguments,
    "test": _run_tests,
    "planned": _check_plan,
    "upgrade": _check_upgrade,
    "destruction": _check_destruction,
    "policy": _check_policy,
    "shell": _check_shell,
    "commands": _check_commands,
}


def check(root: Path, parts: Sequence[str]) -> bool:
    """Run all ``parts``, also after a failure; return whether all succeeded."""
    results = [_run_part(name, root) for name in parts]
    return all(results)


def _run_part(name: str, root: Path) -> bool:
    started = time.monotonic()
    is_ok = PARTS[name](root)
    word = "ok" if is_ok else "FAILED"
    print(f"check-deploy {name}: {word} ({time.monotonic() - started:.1f} s)", flush=True)
    return is_ok


def _print_problems(problems: Sequence[str]) -> bool:
    for problem in problems:
        print(problem)
    return not problems


def _succeeds(command: Sequence[str], folder: Path) -> bool:
    done = subprocess.run(  # noqa: S603 - terraform and the tools of these checks
        command, cwd=folder, check=False
    )
    return done.returncode == 0


def main() -> int:
    """Run the parts that the command line names; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m offline_checks")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="folder of the repository")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART")
    arguments = parser.parse_args()
    os.environ.update(provider.ISOLATED)
    return 0 if check(arguments.root.absolute(), arguments.parts or list(PARTS)) else 1


if __name__ == "__main__":
    sys.exit(main())
