"""A base image of Debian's own packages, for machines where no image can be pulled.

It stands for ``python:3.13-slim``: the same Debian release and the same Python, without what that
image leaves out, too. Debian's Python is built otherwise, so sizes differ; the table tells the
base's size from what the Dockerfile adds.
"""

import re
import shutil
import tempfile
from pathlib import Path

from images.commands import CommandFailed, run, succeeds

SUITE = "trixie"
IMAGE = f"localhost/gcpypi-base:{SUITE}"
_PACKAGES = "python3,python3-venv,python-is-python3,ca-certificates"
_LEFT_OUT = (
    *("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man"),
    *("var/cache/apt", "var/lib/apt/lists", "var/log"),
)


def made() -> str:
    """Return the base image's name; make it, which takes minutes, unless it is there."""
    # Not /tmp, which may be small, or not take the devices that Debian's packages ask for.
    if not succeeds(["buildah", "inspect", "--type=image", IMAGE]):
        with tempfile.TemporaryDirectory(prefix="gcpypi-base-", dir="/var/tmp") as folder:
            _make(Path(folder) / "root")
    return IMAGE


def _make(root: Path) -> None:
    run(["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", SUITE, str(root), _mirror()])
    for name in _LEFT_OUT:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    container = run(["buildah", "from", "scratch"])
    try:
        run(["buildah", "add", "--quiet", container, str(root), "/"])
        run(["buildah", "commit", "--quiet", container, IMAGE])
    finally:
        run(["buildah", "rm", container])


def _mirror() -> str:
    """Return where this machine's apt takes Debian from."""
    sites = run(["apt-get", "indextargets", "--format", "$(SITE) $(ORIGIN) $(LABEL)"])
    match = re.search(r"^(\S+) Debian Debian$", sites, re.MULTILINE)
    if match is None:
        raise CommandFailed("apt knows no mirror of Debian: run apt-get update")
    return match[1]
