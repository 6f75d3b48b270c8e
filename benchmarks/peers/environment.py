"""Environments of the peers in ``.venv/peers``, made once, because each takes minutes."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.server_process import NotMeasurable

PLACE = Path(__file__).parents[2] / ".venv" / "peers"


@dataclass(frozen=True)
class PeerRequirements:
    """Requirements of a peer."""

    requirements: Sequence[str]
    python: str | None = None
    """Required Python version, if it is not ours."""


REQUIREMENTS: Mapping[str, PeerRequirements] = {
    "pypiserver": PeerRequirements(("pypiserver[passlib,cache]", "gunicorn", "gevent")),
    "proxpi": PeerRequirements(("proxpi", "gunicorn")),
    "simple-repository-server": PeerRequirements(
        ("simple-repository-server", "uvloop", "httptools")
    ),
    "devpi": PeerRequirements(("devpi-server", "devpi-client")),
    # One of its dependencies calls a function that Python 3.11 removed.
    "pypicloud": PeerRequirements(("pypicloud[server]", "SQLAlchemy<2", "setuptools<81"), "3.10"),
    "gcs-pypi-proxy": PeerRequirements(("gcs-pypi-proxy",)),
}


def install_peer(name: str) -> Path:
    """Install a peer if necessary; return the folder of its programs.

    :raises NotMeasurable: if it cannot be installed.
    """
    place, requirements = PLACE / name, REQUIREMENTS[name]
    done = place / "installed"
    if not done.exists():
        run_program(
            _find_python(requirements.python) if requirements.python else sys.executable,
            "-m",
            "venv",
            place,
        )
        python = place / "bin" / "python"
        run_program(python, "-m", "pip", "install", "--quiet", *requirements.requirements)
        done.touch()
    return place / "bin"


def _find_python(version: str) -> str:
    command = ["env", f"PYENV_VERSION={version}", f"python{version}"]
    return run_program(*command, "-c", "import sys; print(sys.executable)")


def run_program(*command: str | Path) -> str:
    """Run a program and return its output.

    :raises NotMeasurable: if it fails.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        message = getattr(error, "stderr", None) or str(error)
        raise NotMeasurable(f"{Path(words[0]).name} failed: {message.strip()[-120:]}") from error
    return done.stdout.strip()
