"""Runner of the real Terraform without a registry, on a stand-in for its provider."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from offline_checks import provider, schema
from offline_checks.schema import Mode

TOOLS = Path(os.environ.get("CHECK_DEPLOY_TOOLS", ".venv/deploy"))
"""Virtual environment of these checks; its ``bindings/`` contains the wheel of the bindings."""

_USE = re.compile(r'^\s*(resource|data) "(google_\w+)"', re.MULTILINE)


def find_types(folder: Path) -> set[tuple[Mode, str]]:
    """Return the types of resources and data sources in the configuration of ``folder``."""
    texts = (path.read_text("utf-8") for path in sorted(folder.rglob("*.tf")))
    uses: set[tuple[Mode, str]] = {("provider", "google")}
    for mode, name in (match.groups() for text in texts for match in _USE.finditer(text)):
        uses.add(("data" if mode == "data" else "resource", name))
    return uses


def load_schemas(folder: Path, tools: Path = TOOLS) -> provider.Schemas:
    """Return the schemas of all types in ``folder``.

    Leave out types that the provider does not have: Terraform reports them.
    """
    uses = {use: schema.find_folder(*use) for use in find_types(folder)}
    found = _load_sources(tools, sorted(set(uses.values())))
    return {use: schema.parse(found[place]) for use, place in uses.items() if place in found}


def run(folder: Path, commands: Sequence[Sequence[str]], tools: Path = TOOLS) -> int:
    """Run Terraform's ``commands`` in ``folder`` until one fails; return its exit code."""
    with serve_provider(folder, tools=tools) as environment:
        for command in commands:
            print("$ terraform", shlex.join(command), flush=True)
            if code := _start(folder, command, environment, None).returncode:
                return code
    return 0


def capture_output(folder: Path, command: Sequence[str], tools: Path = TOOLS) -> str:
    """Run one command and return its standard output, also if the command fails."""
    with serve_provider(folder, tools=tools) as environment:
        return _start(folder, command, environment, subprocess.PIPE).stdout


@contextmanager
def copy_for_tests(folder: Path) -> Iterator[Path]:
    """Yield a copy of ``folder`` for ``terraform test``.

    At its end, the test destroys all applied resources. The copy has the overrides of
    deploy/uninstall, so Terraform may destroy the resources with data.
    """
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary, folder.name)
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".terraform*"))
        permit_destruction(copy, sorted(folder.parent.glob("overrides/*_override.tf")))
        yield copy


def permit_destruction(copy: Path, overrides: Iterable[Path]) -> None:
    """Copy each override into its module, like deploy/uninstall."""
    for override in overrides:
        shutil.copy(override, copy / "modules" / override.name.removesuffix("_override.tf"))


@contextmanager
def serve_provider(
    folder: Path, data: provider.Data | None = None, tools: Path = TOOLS
) -> Iterator[dict[str, str]]:
    """Serve the schemas of ``folder``; yield the environment for Terraform.

    :param data: the answers of the data sources, for commands that read them.
    """
    data_folder = os.environ.get("TF_DATA_DIR") or str(tools.absolute() / "terraform")
    with provider.serve(load_schemas(folder, tools), data or {}) as environment:
        yield {**os.environ, **environment, "TF_DATA_DIR": data_folder}


def run_all(
    folder: Path, commands: Sequence[Sequence[str]], environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Run ``commands`` until one fails; return the last one, with all output in ``stdout``."""
    for command in commands:
        done = _start(folder, command, environment, subprocess.PIPE, subprocess.STDOUT)
        if done.returncode:
            break
    return done


def _start(
    folder: Path,
    command: Sequence[str],
    environment: Mapping[str, str],
    stdout: int | None,
    stderr: int | None = None,
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - commands of these checks only
        ["terraform", *command],  # noqa: S607 - found on PATH, as for a user
        cwd=folder,
        env=environment,
        stdout=stdout,
        stderr=stderr,
        text=True,
        check=False,
    )


def _load_sources(tools: Path, folders: Sequence[str]) -> dict[str, str]:
    """Return the sources of ``folders``; cache them, because unpacking 50 MB takes seconds."""
    cache = tools / "bindings" / "sources"
    cache.mkdir(parents=True, exist_ok=True)
    if missing := [each for each in folders if not (cache / each).exists()]:
        wheel = next((tools / "bindings").glob("*.whl"))
        for name, text in schema.extract_sources(wheel, missing).items():
            (cache / name).write_text(text, "utf-8")
    return {each: (cache / each).read_text("utf-8") for each in folders if (cache / each).exists()}
