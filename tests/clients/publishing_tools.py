"""Publishing tools: their commands, and the projects that they publish.

This module builds the files. flit builds its own ones.
"""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clients.installers import Installer
from clients.samples import SdistSample
from local.demo.wheel_builder import Wheel

GUARD = 900.0
"""Seconds until a command counts as hanging."""
_MINE = ("UV_", "PIP_", "POETRY_", "PDM_", "HATCH_", "FLIT_", "TWINE_", "PYTHON", "VIRTUAL_ENV")
"""Prefixes of the machine's settings, which a tool must not see."""

Command = list[str | Path]


@dataclass(frozen=True)
class PublishTarget:
    """Upload service, and a publishing token."""

    url: str
    token: str
    index_url: str
    """URL of the index, with credentials for reading."""


@dataclass(frozen=True)
class Project:
    """Project with one package, and its files in ``dist/``."""

    root: Path
    name: str
    """Name with ``_`` between words."""
    requires: str = ""
    """Requirement of the project."""
    readme: str = ""
    payload: bytes = b""
    """Content of a data file."""

    @property
    def distribution(self) -> str:
        """Normalised name."""
        return self.name.replace("_", "-")

    @property
    def dist(self) -> Path:
        return self.root / "dist"

    def list_files(self) -> list[Path]:
        """Return the built files, wheels first as uv and twine send them."""
        return sorted(self.dist.iterdir(), key=lambda path: path.suffix != ".whl")

    def write(self, *, number: int = 1, with_sdist: bool = False) -> None:
        """Write the source and build the files.

        :param number: a value in the package, so that another one gives other bytes.
        """
        self.dist.mkdir(parents=True, exist_ok=True)
        body = f'"""Module."""\n\n__version__ = "1.0"\nNUMBER = {number}\n'
        package = self.root / self.name
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text(body)
        (package / "data.bin").write_bytes(self.payload)
        (self.root / "README.md").write_text(self.readme)
        (self.root / "pyproject.toml").write_text(self._render_pyproject())
        metadata = f"Requires-Dist: {self.requires}\n" if self.requires else ""
        if self.readme:
            metadata += f"Description-Content-Type: text/markdown\n\n{self.readme}"
        modules = {
            f"{self.name}/__init__.py": body.encode(),
            f"{self.name}/data.bin": self.payload,
        }
        wheel = Wheel(self.name, "1.0", modules, metadata)
        (self.dist / wheel.filename).write_bytes(wheel.encode())
        if with_sdist:
            sdist = SdistSample(self.name, "1.0", ">=3.11")
            (self.dist / sdist.filename).write_bytes(sdist.data)

    def _render_pyproject(self) -> str:
        dependencies = f'dependencies = ["{self.requires}"]\n' if self.requires else ""
        return (
            '[build-system]\nrequires = ["flit_core>=3.11"]\nbuild-backend = "flit_core.buildapi"\n'
            f'[project]\nname = "{self.distribution}"\nversion = "1.0"\ndescription = "Sample"\n'
            f'readme = "README.md"\nrequires-python = ">=3.11"\n{dependencies}'
            f'[tool.flit.module]\nname = "{self.name}"\n'
        )


@dataclass(frozen=True)
class PublishPlan:
    """Command that publishes a project, and its environment."""

    command: Command
    environment: Mapping[str, str] = field(default_factory=dict)


def _plan_twine(python: Path, project: Project, target: PublishTarget, skip: bool) -> PublishPlan:
    options = ["--verbose", "--non-interactive", "--disable-progress-bar"]
    options += ["--skip-existing"] if skip else []
    credentials = {
        "TWINE_REPOSITORY_URL": target.url,
        "TWINE_USERNAME": "__token__",
        "TWINE_PASSWORD": target.token,
    }
    command: Command = [python, "-m", "twine", "upload", *options, *project.list_files()]
    return PublishPlan(command, credentials)


def _plan_uv(python: Path, project: Project, target: PublishTarget, skip: bool) -> PublishPlan:
    check: Command = ["--check-url", target.index_url] if skip else []
    command: Command = [python.with_name("uv"), "--no-config", "publish", *check]
    environment = {"UV_PUBLISH_URL": target.url, "UV_PUBLISH_TOKEN": target.token}
    return PublishPlan([*command, *project.list_files()], environment)


def _plan_poetry(python: Path, project: Project, target: PublishTarget, skip: bool) -> PublishPlan:
    options = ["--skip-existing"] if skip else []
    environment = {
        "POETRY_REPOSITORIES_LOCAL_URL": target.url,
        "POETRY_HTTP_BASIC_LOCAL_USERNAME": "__token__",
        "POETRY_HTTP_BASIC_LOCAL_PASSWORD": target.token,
        "POETRY_CONFIG_DIR": str(project.root / "poetry"),
    }
    command: Command = [python.with_name("poetry"), "publish", "--no-interaction"]
    return PublishPlan([*command, "--repository", "local", *options], environment)


def _plan_pdm(python: Path, project: Project, target: PublishTarget, skip: bool) -> PublishPlan:
    options = ["--skip-existing"] if skip else []
    environment = {
        "PDM_PUBLISH_REPO": target.url,
        "PDM_PUBLISH_USERNAME": "__token__",
        "PDM_PUBLISH_PASSWORD": target.token,
        "PDM_CHECK_UPDATE": "false",
        "PDM_USE_VENV": "false",
    }
    return PublishPlan(
        [python.with_name("pdm"), "publish", "-vv", "--no-build", *options], environment
    )


def _plan_hatch(python: Path, project: Project, target: PublishTarget, skip: bool) -> PublishPlan:
    environment = {
        "HATCH_INDEX_REPO": target.url,
        "HATCH_INDEX_USER": "__token__",
        "HATCH_INDEX_AUTH": target.token,
        "HATCH_DATA_DIR": str(project.root / "hatch"),
        "HATCH_CACHE_DIR": str(project.root / "hatch-cache"),
        "HATCH_CONFIG": str(project.root / "hatch.toml"),
    }
    (project.root / "hatch.toml").write_text("")
    command: Command = [python.with_name("hatch"), "publish", "--no-prompt"]
    return PublishPlan([*command, *project.list_files()], environment)


def _plan_flit(python: Path, project: Project, target: PublishTarget, skip: bool) -> PublishPlan:
    has_sdist = len(project.list_files()) > 1
    environment = {
        "FLIT_INDEX_URL": target.url,
        "FLIT_USERNAME": "__token__",
        "FLIT_PASSWORD": target.token,
        "SOURCE_DATE_EPOCH": "1700000000",
    }
    formats = [] if has_sdist else ["--format", "wheel"]
    command: Command = [
        python.with_name("flit"),
        "publish",
        "--no-use-vcs",
        *formats,
    ]
    return PublishPlan(command, environment)


MakePlan = Callable[[Path, Project, PublishTarget, bool], PublishPlan]


@dataclass(frozen=True)
class PublishingTool:
    """One tool at one version."""

    installer: Installer
    plan: MakePlan

    @property
    def requirement(self) -> str:
        """Requirement of the tool, which names it in the table."""
        return self.installer.requirement

    def publish(
        self, project: Project, target: PublishTarget, *, skip: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Publish the files of a project; return the output of the tool."""
        plan = self.plan(self.installer.find_python(), project, target, skip)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(_MINE)}
        environment |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "NO_COLOR": "1"}
        environment |= {"COLUMNS": "1000", "PYTHON_KEYRING_BACKEND": _NO_KEYRING}
        return subprocess.run(
            [str(part) for part in plan.command],
            cwd=project.root,
            env={**environment, **plan.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=GUARD,
        )


_NO_KEYRING = "keyring.backends.null.Keyring"

TWINE_7 = PublishingTool(Installer("twine", "twine"), _plan_twine)
TWINE_5 = PublishingTool(Installer("twine", "twine==5.1.1"), _plan_twine)
UV = PublishingTool(Installer("uv", "uv"), _plan_uv)
POETRY = PublishingTool(Installer("poetry", "poetry"), _plan_poetry)
PDM = PublishingTool(Installer("pdm", "pdm[locked]"), _plan_pdm)
HATCH = PublishingTool(Installer("hatch", "hatch"), _plan_hatch)
FLIT = PublishingTool(Installer("flit", "flit"), _plan_flit)
TOOLS = (TWINE_7, TWINE_5, UV, POETRY, PDM, HATCH, FLIT)
