"""Runs the real Terraform without a registry, on the stand-in for its provider."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from offline_checks import provider, schema
from offline_checks.schema import Mode

TOOLS = Path(os.environ.get("CHECK_DEPLOY_TOOLS", ".venv/deploy"))
"""The virtual environment of these checks, with the wheel of the bindings in ``bindings/``."""

_USE = re.compile(r'^\s*(resource|data) "(google_\w+)"', re.MULTILINE)


def used(folder: Path) -> set[tuple[Mode, str]]:
    """Which types the configuration in ``folder`` speaks of."""
    texts = (path.read_text("utf-8") for path in sorted(folder.rglob("*.tf")))
    uses: set[tuple[Mode, str]] = {("provider", "google")}
    for mode, name in (match.groups() for text in texts for match in _USE.finditer(text)):
        uses.add(("data" if mode == "data" else "resource", name))
    return uses


def schemas(folder: Path, tools: Path = TOOLS) -> provider.Schemas:
    """The schemas of what ``folder`` uses; what the provider lacks is left for Terraform to say."""
    uses = {use: schema.folder(*use) for use in used(folder)}
    found = _cached(tools, sorted(set(uses.values())))
    return {use: schema.read(found[place]) for use, place in uses.items() if place in found}


def run(folder: Path, commands: Sequence[Sequence[str]], tools: Path = TOOLS) -> int:
    """Run Terraform's ``commands`` in ``folder``, until one fails; return its exit code."""
    with _environment(folder, tools) as environment:
        for command in commands:
            print("$ terraform", shlex.join(command), flush=True)
            if code := _terraform(folder, command, environment, None).returncode:
                return code
    return 0


def output(folder: Path, command: Sequence[str], tools: Path = TOOLS) -> str:
    """Run one command, whether it succeeds or not, and return what it prints."""
    with _environment(folder, tools) as environment:
        return _terraform(folder, command, environment, subprocess.PIPE).stdout


@contextmanager
def _environment(folder: Path, tools: Path) -> Iterator[dict[str, str]]:
    data = os.environ.get("TF_DATA_DIR") or str(tools.absolute() / "terraform")
    with provider.served(schemas(folder, tools)) as environment:
        yield {**os.environ, **environment, "TF_DATA_DIR": data}


def _terraform(
    folder: Path, command: Sequence[str], environment: dict[str, str], stdout: int | None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - the commands are those of these checks
        ["terraform", *command],  # noqa: S607 - found on PATH, as a user does
        cwd=folder,
        env=environment,
        stdout=stdout,
        text=True,
        check=False,
    )


def _cached(tools: Path, folders: Sequence[str]) -> dict[str, str]:
    """The sources of ``folders``: unpacking 50 MB takes seconds, so each is kept beside them."""
    cache = tools / "bindings" / "sources"
    cache.mkdir(parents=True, exist_ok=True)
    if missing := [each for each in folders if not (cache / each).exists()]:
        wheel = next((tools / "bindings").glob("*.whl"))
        for name, text in schema.sources(wheel, missing).items():
            (cache / name).write_text(text, "utf-8")
    return {each: (cache / each).read_text("utf-8") for each in folders if (cache / each).exists()}
