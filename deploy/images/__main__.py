"""``python -m images [SERVICE…]``: build the images, look into them, run them.

Every service has to answer ``/health`` although nothing that it stands on is there, from a file
system that it cannot write to, without a single capability. The exit code is 1 if one does not, or
if an image is not what it should be.
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
from images.commands import CommandFailed
from images.engine import Engine, choose
from images.findings import GRACE, HEAD, MB, Contents, Image, Life
from local import layout
from local.layout import Ports

ROOT = Path(__file__).parents[2]
SERVICES = ("ingest", "indexer", "publisher", "proxy", "local")
PATIENCE = 60.0
"""Seconds for a service to answer, as the start-up probe of deploy/terraform gives it."""


def checked(engine: Engine, service: str, base_size: int) -> Image:
    """Build an image, look into it, run it."""
    print(f"{service}: building", file=sys.stderr, flush=True)
    image = engine.build(service, ROOT)
    contents = _contents(
        engine, image, f"{service}.{'stand_ins.relay' if service == 'local' else 'main'}"
    )
    life = _lived(engine, image, service)
    return Image(service, engine.size(image), base_size, contents, life)


def _contents(engine: Engine, image: str, module: str) -> Contents:
    """Ask the image's own user; only root can see what there is of caches."""
    script = Path(inside.__file__).read_text("utf-8")
    told = json.loads(engine.ask(image, script, module))
    caches = json.loads(engine.ask(image, script, module, user="0"))["caches"]
    return Contents.read(told | {"caches": caches})


def _lived(engine: Engine, image: str, service: str) -> Life:
    """Start it, wait for its first answer, and end it."""
    ports = Ports.free()
    if service == "local":
        address = ports.address("secrets")
        command = ["python", "-m", "local.stand_ins.secret_manager", f"--port={ports.secrets}"]
        environment: Mapping[str, str] = {}
    else:
        address, command = ports.address(service), []
        environment = layout.service_environment(service, ports)
    started = time.monotonic()
    container = engine.start(image, environment, *command)
    try:
        is_up = _connect if service == "local" else _ask_health
        _await(lambda: is_up(address), lambda: engine.log(container))
        answered = time.monotonic()
        exit_code = engine.stop(container, GRACE)
        return Life(answered - started, time.monotonic() - answered, exit_code)
    finally:
        engine.remove(container)


def _await(is_up: Callable[[], object], log: Callable[[], str]) -> None:
    """Return when ``is_up`` raises no error any more.

    :raises CommandFailed: with the log, if that takes too long.
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
    """Print the table, and what is wrong; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    parser.add_argument("services", nargs="*", metavar="SERVICE", help=", ".join(SERVICES))
    chosen = parser.parse_args().services or SERVICES
    if unknown := set(chosen) - set(SERVICES):
        parser.error(f"no such service: {', '.join(unknown)}")
    try:
        engine = choose()
        base_size = engine.size(engine.base)
        images = [checked(engine, service, base_size) for service in chosen]
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(f"built by {engine.name} on {engine.base} ({base_size / MB:.0f} MB)\n\n{HEAD}")
    for image in images:
        print(image.row())
    faults = [f"{image.service}: {fault}" for image in images for fault in image.faults()]
    print("\n" + ("\n".join(faults) or "all as it should be"))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
