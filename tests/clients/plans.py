"""Commands of each client for an install request."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from clients.install_requests import Command, InstallRequest, Plan

LOCKS = {"pip": "pylock.toml", "uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock"}
"""Lock file of each client."""

_REPLACE_DIGEST = """\
import re, sys
from pathlib import Path
file = Path(sys.argv[1])
file.write_text(re.sub("sha256:[0-9a-f]{64}", "sha256:" + sys.argv[2], file.read_text()))
"""


def plan_pip(python: Path, request: InstallRequest) -> Plan:
    """Plan an installation into a directory; pip caches only responses over verified TLS."""
    words: Command = ["--cache-dir", request.cache] if request.cache else ["--no-cache-dir"]
    words += ["--cert", request.authority] if request.authority else []
    words += ["--uploaded-prior-to", request.midnight] if request.cut_off else []
    words += ["--index-url", request.url, *_make_arguments(request)]
    install: Command = [python, "-m", "pip", "install", "--target", request.where / "target"]
    return Plan([[*install, *words]], _PIP)


def plan_pip_lock(python: Path, request: InstallRequest) -> Plan:
    """Plan a lock file, and an installation from it."""
    tail: Command = ["--no-cache-dir", "--index-url", request.url]
    lock: Command = [python, "-m", "pip", "lock", *tail, request.requirement]
    install: Command = [python, "-m", "pip", "install", "--target", request.where / "target"]
    return Plan([lock, [*install, *tail, "-r", "pylock.toml"]], _PIP)


_PIP = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _make_arguments(request: InstallRequest) -> Command:
    if not request.digest:
        return [request.requirement]
    return ["--require-hashes", "-r", _write_requirements(request)]


def _write_requirements(request: InstallRequest) -> Path:
    file = request.where / "required.txt"
    file.write_text(
        request.requirement + (f" --hash=sha256:{request.digest}" if request.digest else "")
    )
    return file


def plan_uv(python: Path, request: InstallRequest) -> Plan:
    """Plan an installation into a directory, as for pip."""
    words: Command = ["--cache-dir", request.cache] if request.cache else ["--no-cache"]
    words += ["--exclude-newer", request.midnight] if request.cut_off else []
    words += ["--index-url", request.url, *_make_arguments(request)]
    into: Command = ["--python", sys.executable, "--target", request.where / "target"]
    return Plan([[python.parent / "uv", "pip", "install", *into, *words]], {"UV_NO_CONFIG": "1"})


def plan_uv_lock(python: Path, request: InstallRequest) -> Plan:
    """Plan a project with the index as its only one: lock, then synchronise."""
    request.write_project(
        f'[[tool.uv.index]]\nname = "ours"\nurl = "{request.bare_url}"\ndefault = true'
    )
    environment = {
        "UV_INDEX_OURS_USERNAME": request.user,
        "UV_INDEX_OURS_PASSWORD": request.token,
        "UV_PYTHON": sys.executable,
        "UV_NO_CACHE": "1",
    }
    command = python.parent / "uv"
    return Plan([[command, "lock"], [command, "sync", "--locked"]], environment)


def plan_poetry(python: Path, request: InstallRequest) -> Plan:
    """Plan a project with the index as its only source: lock, then install."""
    source = (
        f'[[tool.poetry.source]]\nname = "ours"\nurl = "{request.bare_url}"\npriority = "primary"'
    )
    request.write_project(f"[tool.poetry]\npackage-mode = false\n{source}\n")
    environment = {
        "POETRY_HTTP_BASIC_OURS_USERNAME": request.user,
        "POETRY_HTTP_BASIC_OURS_PASSWORD": request.token,
        "POETRY_SOLVER_MIN_RELEASE_AGE": str(request.days),
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "POETRY_CACHE_DIR": str(request.cache or request.where / "cache"),
        "POETRY_CONFIG_DIR": str(request.where / "config"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    command: Command = [python.parent / "poetry", "--no-interaction"]
    steps = [[*command, "lock"], *_replace_digest(request, "poetry"), [*command, "install"]]
    return Plan(steps, environment)


def plan_pdm(python: Path, request: InstallRequest) -> Plan:
    """Plan a project with the index as its only source: lock, then synchronise."""
    source = f'[[tool.pdm.source]]\nname = "pypi"\nurl = "{request.url}"\nverify_ssl = false\n'
    request.write_project(f"[tool.pdm]\ndistribution = false\n{source}")
    environment = {
        "PDM_CHECK_UPDATE": "0",
        "PDM_CACHE_DIR": str(request.cache or request.where / "cache"),
        "PDM_CONFIG_FILE": str(request.where / "config.toml"),
        "PDM_IGNORE_ACTIVE_VENV": "1",
    }
    command = python.parent / "pdm"
    venv: list[Command] = [
        [command, "venv", "create", sys.executable],
        [command, "use", "-f", ".venv"],
    ]
    lock: Command = [command, "lock"]
    lock += [f"--exclude-newer={request.midnight}"] if request.cut_off else []
    return Plan([*venv, lock, *_replace_digest(request, "pdm"), [command, "sync"]], environment)


def _replace_digest(request: InstallRequest, client: str) -> list[Command]:
    """Return a command that replaces the digest in a lock file with the requested one, if any."""
    if not request.digest:
        return []
    return [[sys.executable, "-c", _REPLACE_DIGEST, request.where / LOCKS[client], request.digest]]


def plan_pipx(python: Path, request: InstallRequest) -> Plan:
    """Plan a separate environment, with links to its programs."""
    words: Command = ["--cooldown", str(request.days)] if request.cut_off else []
    words += ["--lock", _write_pylock(request)] if request.digest else []
    environment = {
        "PIPX_HOME": str(request.where / "pipx"),
        "PIPX_BIN_DIR": str(request.where / "bin"),
        "PIPX_MAN_DIR": str(request.where / "man"),
        "PIPX_COMPLETION_DIR": str(request.where / "completion"),
        "UV_CACHE_DIR": str(request.cache or request.where / "cache"),
        "UV_NO_CONFIG": "1",
    }
    command: Command = [python.parent / "pipx", "install", "--backend", "uv"]
    name = request.requirement.partition("==")[0] if request.digest else request.requirement
    return Plan([[*command, "--index-url", request.url, *words, name]], environment)


def _write_pylock(request: InstallRequest) -> Path:
    """Write a lock file (PEP 751) with the requested digest."""
    name, _, version = request.requirement.partition("==")
    filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    address = request.bare_url.removesuffix("simple/") + f"packages/{filename}".replace("+", "%2B")
    file = request.where / "pylock.toml"
    file.write_text(
        f'lock-version = "1.0"\ncreated-by = "tests"\n[[packages]]\nname = "{name}"\n'
        f'version = "{version}"\nindex = "{request.bare_url}"\n[[packages.wheels]]\n'
        f'name = "{filename}"\nurl = "{address}"\nhashes = {{ sha256 = "{request.digest}" }}\n'
    )
    return file


def plan_pip_audit(python: Path, request: InstallRequest) -> Plan:
    """Plan an audit of a requirements file without a vulnerability service."""
    words: Command = ["--require-hashes"] if request.digest else []
    environment = {
        **_PIP,
        "PIP_INDEX_URL": request.url,
        "PIP_CACHE_DIR": str(request.cache or request.where / "cache"),
        "PIP_TRUSTED_HOST": "127.0.0.1",
    }
    audit: Command = [python, Path(__file__).with_name("audit.py"), python.parent / "pip-audit"]
    output: Command = ["--format", "json", "--output", request.where / "audit.json"]
    source: Command = ["-r", _write_requirements(request), "--index-url", request.url]
    return Plan([[*audit, *source, *words, *output]], environment)


INSTALL: dict[str, Callable[[Path, InstallRequest], Plan]] = {
    "pip": plan_pip,
    "uv": plan_uv,
    "poetry": plan_poetry,
    "pdm": plan_pdm,
    "pipx": plan_pipx,
    "pip-audit": plan_pip_audit,
}

LOCK: dict[str, Callable[[Path, InstallRequest], Plan]] = {
    "pip": plan_pip_lock,
    "uv": plan_uv_lock,
    "poetry": plan_poetry,
    "pdm": plan_pdm,
}
