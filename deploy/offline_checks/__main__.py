"""``python -m offline_checks [--root FOLDER] [PART…]``: check the deployment, without a cloud.

=========== ==================================================================
part        proves
=========== ==================================================================
format      Terraform's files are formatted
validate    no argument is unknown, missing or of the wrong type
test        what deploy/terraform/tests says of each module, and of the example
planned     what holds for all together; installing twice changes nothing
policy      checkov, but for the reasoned exceptions of checkov.yaml
shell       shellcheck
commands    gcloud and terraform take every command of scripts, examples, docs
=========== ==================================================================
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from offline_checks import commands, planned, provider, terraform

BIN = Path(sys.executable).parent
SCRIPTS = ("deploy/install", "deploy/uninstall", "deploy/commands.sh", "examples/publish.sh")

Part = Callable[[Path], bool]
"""Check the project at a folder; print what is wrong, and say whether nothing is."""


def _format(root: Path) -> bool:
    command = ["terraform", "fmt", "-check", "-recursive", "-diff", "deploy/terraform"]
    return _succeeds(command, root)


def _validate(root: Path) -> bool:
    init = ["init", "-backend=false", "-input=false", "-no-color"]
    return terraform.run(root / "deploy/terraform", [init, ["validate", "-no-color"]]) == 0


def _test(root: Path) -> bool:
    example = ["-var-file=terraform.tfvars.example", "-filter=tests/example.tftest.hcl"]
    tests = [["test", "-no-color"], ["test", "-no-color", *example]]
    return terraform.run(root / "deploy/terraform", tests) == 0


def _planned(root: Path) -> bool:
    return _nothing(planned.problems(root / "deploy/terraform"))


def _policy(root: Path) -> bool:
    exceptions = Path(__file__).with_name("checkov.yaml")
    checkov = [str(BIN / "checkov"), "--config-file", str(exceptions)]
    return _succeeds([*checkov, "--directory", "deploy/terraform"], root)


def _shell(root: Path) -> bool:
    return _succeeds([str(BIN / "shellcheck"), "--external-sources", *SCRIPTS], root)


def _commands(root: Path) -> bool:
    return _nothing(commands.problems(root))


PARTS: Mapping[str, Part] = {
    "format": _format,
    "validate": _validate,
    "test": _test,
    "planned": _planned,
    "policy": _policy,
    "shell": _shell,
    "commands": _commands,
}


def check(root: Path, parts: Sequence[str]) -> bool:
    """Run all ``parts``, whatever the others say; return whether all are content."""
    results = [_timed(name, root) for name in parts]
    return all(results)


def _timed(name: str, root: Path) -> bool:
    started = time.monotonic()
    content = PARTS[name](root)
    word = "ok" if content else "FAILED"
    print(f"check-deploy {name}: {word} ({time.monotonic() - started:.1f} s)", flush=True)
    return content


def _nothing(problems: Sequence[str]) -> bool:
    for problem in problems:
        print(problem)
    return not problems


def _succeeds(command: Sequence[str], folder: Path) -> bool:
    done = subprocess.run(  # noqa: S603 - terraform and the tools of these checks
        command, cwd=folder, check=False
    )
    return done.returncode == 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m offline_checks")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the project's folder")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART")
    chosen = parser.parse_args()
    os.environ.update(provider.ALONE)
    return 0 if check(chosen.root.absolute(), chosen.parts or list(PARTS)) else 1


if __name__ == "__main__":
    sys.exit(main())
