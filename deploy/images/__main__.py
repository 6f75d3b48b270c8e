"""``python -m images [SERVICE…]``: build, inspect and run the image of each service.

Each service must answer ``/health`` without its dependencies, on a read-only file system and
without capabilities. The exit code is 1 if one does not, or if an image has a fault.
"""

import argparse
import json
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from images import inside
from images.engine import Engine, choose
from images.execution import CommandFailed
from images.image import GRACE, HEAD, MB, Contents, Image, Lifetime
from local import topology
from local.port_choice import choose_free_ports

ROOT = Path(__file__).parents[2]
SERVICES = ("ingest", "indexer", "publisher", "web", "proxy", "upload", "local")
IMAGES = {"web": "publisher"}
"""Image of each service that has no image of its own."""
PATIENCE = 60.0
"""Seconds until a service must answer, like the startup probe in deploy/terraform."""


def check_image(engine: Engine, service: str, base_size: int) -> Image:
    """Build, inspect and run an image."""
    print(f"{service}: building", file=sys.stderr, flush=True)
    image = engine.build(IMAGES.get(service, service), ROOT)
    module = "local.stand_ins.relay" if service == "local" else topology.SERVICES[service]
    contents = _inspect(engine, image, module)
    lifetime = _run(engine, image, service)
    return Image(service, engine.measure(image), base_size, contents, lifetime)


def _inspect(engine: Engine, image: str, module: str) -> Contents:
    """Inspect an image as its own user, and as root for the caches that only root can see."""
    script = Path(inside.__file__).read_text("utf-8")
    found = json.loads(engine.execute(image, script, module))
    caches = json.loads(engine.execute(image, script, module, user="0"))["caches"]
    return Contents.from_json(found | {"caches": caches})


def _run(engine: Engine, image: str, service: str) -> Lifetime:
    """Start a container, wait for its first answer, and stop it."""
    ports = choose_free_ports()
    if service == "local":
        address = ports.address("secrets")
        command = ["python", "-m", "local.stand_ins.secret_manager", f"--port={ports.secrets}"]
        environment: Mapping[str, str] = {}
    else:
        address, command = ports.address(service), []
        environment = topology.build_service_environment(service, ports)
    started = time.monotonic()
    container = engine.start(image, environment, *command)
    try:
        is_up = _connect if service == "local" else _ask_health
        _await(lambda: is_up(address), lambda: engine.log(container))
        answered = time.monotonic()
        exit_code = engine.stop(container, GRACE)
        return Lifetime(answered - started, time.monotonic() - answered, exit_code)
    finally:
        engine.remove(container)


def _await(is_up: Callable[[], object], log: Callable[[], str]) -> None:
    """Wait until ``is_up`` raises no error.

    :raises CommandFailed: after ``PATIENCE``, with the log.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            is_up()
        except OSError as error:
            if time.monotonic() > end:
                raise CommandFailed(f"no answer in {PATIENCE:.0f} s: {error}\n{log()}") from error
            time.sleep(0.05)
        else:
            return


def _ask_health(address: str) -> None:
    with urllib.request.urlopen(f"http://{address}/health", timeout=1):
        return


def _connect(address: str) -> None:
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), timeout=1).close()


def main() -> int:
    """Print the table and the faults of the images; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    parser.add_argument("services", nargs="*", metavar="SERVICE", help=", ".join(SERVICES))
    chosen = parser.parse_args().services or SERVICES
    if unknown := set(chosen) - set(SERVICES):
        parser.error(f"no such service: {', '.join(unknown)}")
    try:
        engine = choose()
        base_size = engine.measure(engine.base)
        images = [check_image(engine, service, base_size) for service in chosen]
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(f"built by {engine.name} on {engine.base} ({base_size / MB:.0f} MB)\n\n{HEAD}")
    for image in images:
        print(image.format_row())
    faults = [f"{image.service}: {fault}" for image in images for fault in image.find_faults()]
    print("\n" + ("\n".join(faults) or "no faults"))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
