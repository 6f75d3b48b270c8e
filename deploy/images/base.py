"""Base image from Debian packages, for machines that cannot pull an image.

It replaces ``python:3.13-slim``: same Debian release, same Python version, and no documentation and
caches. Debian builds Python with other options, so sizes differ; the table shows the size of the
base image and of the layers of the Dockerfile separately.
"""

import re
import shutil
import tempfile
from pathlib import Path

from images.execution import CommandFailed, run, succeeds

SUITE = "trixie"
IMAGE = f"localhost/gcpypi-base:{SUITE}"
_PACKAGES = "python3,python3-venv,python-is-python3,ca-certificates"
_LEFT_OUT = (
    *("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man"),
    *("var/cache/apt", "var/lib/apt/lists", "var/log"),
)


def ensure_image() -> str:
    """Return the name of the base image; build it first if it is missing (minutes)."""
    # Not /tmp: it can be small, or forbid the device files of Debian packages.
    if not succeeds(["buildah", "inspect", "--type=image", IMAGE]):
        with tempfile.TemporaryDirectory(prefix="gcpypi-base-", dir="/var/tmp") as folder:
            _build(Path(folder) / "root")
    return IMAGE


def _build(root: Path) -> None:
    mirror = _find_mirror()
    run(["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", SUITE, str(root), mirror])
    for name in _LEFT_OUT:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    container = run(["buildah", "from", "scratch"])
    try:
        run(["buildah", "add", "--quiet", container, str(root), "/"])
        run(["buildah", "commit", "--quiet", container, IMAGE])
    finally:
        run(["buildah", "rm", container])


def _find_mirror() -> str:
    """Return the Debian mirror of this machine's apt."""
    sites = run(["apt-get", "indextargets", "--format", "$(SITE) $(ORIGIN) $(LABEL)"])
    match = re.search(r"^(\S+) Debian Debian$", sites, re.MULTILINE)
    if match is None:
        raise CommandFailed("apt has no Debian mirror: run apt-get update")
    return match[1]
