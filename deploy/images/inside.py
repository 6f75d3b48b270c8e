"""Script that inspects an image from inside, with the image's Python and standard library only.

It prints JSON. Its argument is the main module of the service.
"""

import importlib.util
import json
import os
import platform
import shutil
import statistics
import struct
import subprocess
import sys
from pathlib import Path

VENV = Path("/venv")
TOOLS = ("cc", "c++", "gcc", "g++", "clang", "ld", "as", "make", "rustc", "cargo", "go")
CACHES = ("root/.cache/pip", "home/*/.cache/pip", "tmp/pip-*", "var/cache/pip")
ROUNDS = 5
_TIMED = "import time; a = time.perf_counter(); import {}; print(time.perf_counter() - a)"


def measure_import(module: str) -> float:
    """Return the median duration of a first import in seconds, each in a new process."""
    command = [sys.executable, "-c", _TIMED.format(module)]
    rounds = (subprocess.run(command, capture_output=True, check=True) for _ in range(ROUNDS))  # noqa: S603 - our own interpreter
    return statistics.median(float(done.stdout) for done in rounds)


def is_compiled(source: Path) -> bool:
    """Return whether valid bytecode of this source exists (PEP 552)."""
    try:
        head = Path(importlib.util.cache_from_source(str(source))).read_bytes()[:16]
    except OSError:
        return False
    flags, modified, size = struct.unpack("<4xIII", head)
    status = source.stat()
    expected = (int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)
    is_fresh = (modified, size) == expected
    return head[:4] == importlib.util.MAGIC_NUMBER and flags == 0 and is_fresh


def inspect_image(module: str) -> dict[str, object]:
    """Return the fields of ``image.Contents``."""
    sources = list(VENV.rglob("*.py"))
    caches = [path for pattern in CACHES for path in Path("/").glob(pattern)]
    return {
        "uid": os.getuid(),
        "python": platform.python_version(),
        "import_seconds": measure_import(module),
        "tools": [tool for tool in TOOLS if shutil.which(tool)],
        "caches": [str(path) for path in caches],
        "sources": len(sources),
        "uncompiled": [str(path) for path in sources if not is_compiled(path)],
        "writable": [str(p) for p in (VENV, *VENV.rglob("*")) if os.access(p, os.W_OK)],
        "installers": [name for name in ("pip", "setuptools", "uv") if _is_installed(name)],
    }


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


if __name__ == "__main__":
    print(json.dumps(inspect_image(sys.argv[1])))
