"""The peers' environments, one each in ``.venv/peers``: made once, as installing takes minutes."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.server import Absent

PLACE = Path(__file__).parents[2] / ".venv" / "peers"


@dataclass(frozen=True)
class Wanted:
    """What a peer needs."""

    requirements: Sequence[str]
    python: str | None = None
    """The version that it needs, if not ours."""


WANTED: Mapping[str, Wanted] = {
    "pypiserver": Wanted(("pypiserver[passlib,cache]", "gunicorn", "gevent")),
    "proxpi": Wanted(("proxpi", "gunicorn")),
    "simple-repository-server": Wanted(("simple-repository-server", "uvloop", "httptools")),
    "devpi": Wanted(("devpi-server", "devpi-client")),
    # One of its dependencies calls what Python 3.11 removed.
    "pypicloud": Wanted(("pypicloud[server]", "SQLAlchemy<2", "setuptools<81"), "3.10"),
    "gcs-pypi-proxy": Wanted(("gcs-pypi-proxy",)),
}


def programs(name: str) -> Path:
    """Install a peer if it is not; return where its programs are.

    :raises Absent: if it cannot be installed.
    """
    place, wanted = PLACE / name, WANTED[name]
    done = place / "installed"
    if not done.exists():
        output(_python(wanted.python) if wanted.python else sys.executable, "-m", "venv", place)
        python = place / "bin" / "python"
        output(python, "-m", "pip", "install", "--quiet", *wanted.requirements)
        done.touch()
    return place / "bin"


def _python(version: str) -> str:
    asking = ["env", f"PYENV_VERSION={version}", f"python{version}"]
    return output(*asking, "-c", "import sys; print(sys.executable)")


def output(*command: str | Path) -> str:
    """What a program prints.

    :raises Absent: if it fails.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise Absent(f"{Path(words[0]).name} failed: {said.strip()[-120:]}") from error
    return done.stdout.strip()
