"""How each client is told what to install."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from clients.wishes import Command, Plan, Wish

LOCKS = {"pip": "pylock.toml", "uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock"}
"""The lock file that a client writes."""

_PUT_DIGEST = """\
import re, sys
from pathlib import Path
file = Path(sys.argv[1])
file.write_text(re.sub("sha256:[0-9a-f]{64}", "sha256:" + sys.argv[2], file.read_text()))
"""


def pip(python: Path, wish: Wish) -> Plan:
    """Into a directory; it keeps answers of servers whose certificate it has checked."""
    words: Command = ["--cache-dir", wish.cache] if wish.cache else ["--no-cache-dir"]
    words += ["--cert", wish.authority] if wish.authority else []
    words += ["--uploaded-prior-to", wish.midnight] if wish.cut_off else []
    words += ["--index-url", wish.url, *_required(wish)]
    install: Command = [python, "-m", "pip", "install", "--target", wish.where / "target"]
    return Plan([[*install, *words]], _PIP)


def pip_lock(python: Path, wish: Wish) -> Plan:
    """Lock, then install what is locked."""
    tail: Command = ["--no-cache-dir", "--index-url", wish.url]
    lock: Command = [python, "-m", "pip", "lock", *tail, wish.requirement]
    install: Command = [python, "-m", "pip", "install", "--target", wish.where / "target"]
    return Plan([lock, [*install, *tail, "-r", "pylock.toml"]], _PIP)


_PIP = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _required(wish: Wish) -> Command:
    if not wish.digest:
        return [wish.requirement]
    return ["--require-hashes", "-r", _required_file(wish)]


def _required_file(wish: Wish) -> Path:
    file = wish.where / "required.txt"
    file.write_text(wish.requirement + (f" --hash=sha256:{wish.digest}" if wish.digest else ""))
    return file


def uv(python: Path, wish: Wish) -> Plan:
    """Into a directory, as pip does."""
    words: Command = ["--cache-dir", wish.cache] if wish.cache else ["--no-cache"]
    words += ["--exclude-newer", wish.midnight] if wish.cut_off else []
    words += ["--index-url", wish.url, *_required(wish)]
    into: Command = ["--python", sys.executable, "--target", wish.where / "target"]
    return Plan([[python.parent / "uv", "pip", "install", *into, *words]], {"UV_NO_CONFIG": "1"})


def uv_lock(python: Path, wish: Wish) -> Plan:
    """A project with the index as its only one, locked and then synchronised."""
    wish.write_project(f'[[tool.uv.index]]\nname = "ours"\nurl = "{wish.bare_url}"\ndefault = true')
    environment = {
        "UV_INDEX_OURS_USERNAME": wish.user,
        "UV_INDEX_OURS_PASSWORD": wish.token,
        "UV_PYTHON": sys.executable,
        "UV_NO_CACHE": "1",
    }
    command = python.parent / "uv"
    return Plan([[command, "lock"], [command, "sync", "--locked"]], environment)


def poetry(python: Path, wish: Wish) -> Plan:
    """A project with the index as its only source, locked and then installed."""
    source = f'[[tool.poetry.source]]\nname = "ours"\nurl = "{wish.bare_url}"\npriority = "primary"'
    wish.write_project(f"[tool.poetry]\npackage-mode = false\n{source}\n")
    environment = {
        "POETRY_HTTP_BASIC_OURS_USERNAME": wish.user,
        "POETRY_HTTP_BASIC_OURS_PASSWORD": wish.token,
        "POETRY_SOLVER_MIN_RELEASE_AGE": str(wish.days),
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "POETRY_CACHE_DIR": str(wish.cache or wish.where / "cache"),
        "POETRY_CONFIG_DIR": str(wish.where / "config"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    command: Command = [python.parent / "poetry", "--no-interaction"]
    steps = [[*command, "lock"], *_put_digest(wish, "poetry"), [*command, "install"]]
    return Plan(steps, environment)


def pdm(python: Path, wish: Wish) -> Plan:
    """A project with the index as its only source, locked and then synchronised."""
    source = f'[[tool.pdm.source]]\nname = "pypi"\nurl = "{wish.url}"\nverify_ssl = false\n'
    wish.write_project(f"[tool.pdm]\ndistribution = false\n{source}")
    environment = {
        "PDM_CHECK_UPDATE": "0",
        "PDM_CACHE_DIR": str(wish.cache or wish.where / "cache"),
        "PDM_CONFIG_FILE": str(wish.where / "config.toml"),
        "PDM_IGNORE_ACTIVE_VENV": "1",
    }
    command = python.parent / "pdm"
    venv: list[Command] = [
        [command, "venv", "create", sys.executable],
        [command, "use", "-f", ".venv"],
    ]
    lock: Command = [command, "lock"]
    lock += [f"--exclude-newer={wish.midnight}"] if wish.cut_off else []
    return Plan([*venv, lock, *_put_digest(wish, "pdm"), [command, "sync"]], environment)


def _put_digest(wish: Wish, client: str) -> list[Command]:
    """Where a lock file alone says what digest a file must have: have it say this one."""
    if not wish.digest:
        return []
    return [[sys.executable, "-c", _PUT_DIGEST, wish.where / LOCKS[client], wish.digest]]


def pipx(python: Path, wish: Wish) -> Plan:
    """An environment of its own, with the programs linked beside it."""
    words: Command = ["--cooldown", str(wish.days)] if wish.cut_off else []
    words += ["--lock", _pylock(wish)] if wish.digest else []
    environment = {
        "PIPX_HOME": str(wish.where / "pipx"),
        "PIPX_BIN_DIR": str(wish.where / "bin"),
        "PIPX_MAN_DIR": str(wish.where / "man"),
        "PIPX_COMPLETION_DIR": str(wish.where / "completion"),
        "UV_CACHE_DIR": str(wish.cache or wish.where / "cache"),
        "UV_NO_CONFIG": "1",
    }
    command: Command = [python.parent / "pipx", "install", "--backend", "uv"]
    name = wish.requirement.partition("==")[0] if wish.digest else wish.requirement
    return Plan([[*command, "--index-url", wish.url, *words, name]], environment)


def _pylock(wish: Wish) -> Path:
    """A lock file of PEP 751 that says what digest the file must have."""
    name, _, version = wish.requirement.partition("==")
    filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    address = wish.bare_url.removesuffix("simple/") + f"packages/{filename}".replace("+", "%2B")
    file = wish.where / "pylock.toml"
    file.write_text(
        f'lock-version = "1.0"\ncreated-by = "tests"\n[[packages]]\nname = "{name}"\n'
        f'version = "{version}"\nindex = "{wish.bare_url}"\n[[packages.wheels]]\n'
        f'name = "{filename}"\nurl = "{address}"\nhashes = {{ sha256 = "{wish.digest}" }}\n'
    )
    return file


def pip_audit(python: Path, wish: Wish) -> Plan:
    """A requirements file, asked about of nobody; with the tools it fetches from the index."""
    words: Command = ["--require-hashes"] if wish.digest else []
    environment = {
        **_PIP,
        "PIP_INDEX_URL": wish.url,
        "PIP_CACHE_DIR": str(wish.cache or wish.where / "cache"),
        "PIP_TRUSTED_HOST": "127.0.0.1",
    }
    audit: Command = [python, Path(__file__).with_name("audit.py"), python.parent / "pip-audit"]
    output: Command = ["--format", "json", "--output", wish.where / "audit.json"]
    source: Command = ["-r", _required_file(wish), "--index-url", wish.url]
    return Plan([[*audit, *source, *words, *output]], environment)


INSTALL: dict[str, Callable[[Path, Wish], Plan]] = {
    "pip": pip,
    "uv": uv,
    "poetry": poetry,
    "pdm": pdm,
    "pipx": pipx,
    "pip-audit": pip_audit,
}

LOCK: dict[str, Callable[[Path, Wish], Plan]] = {
    "pip": pip_lock,
    "uv": uv_lock,
    "poetry": poetry,
    "pdm": pdm,
}
