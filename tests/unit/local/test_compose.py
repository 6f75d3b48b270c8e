"""Agreement of docker-compose.yml with the topology of the native runtime."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from local import topology
from local.runtime import docker
from local.topology import Ports

SERVICES = {name: name for name in topology.SERVICES} | {"catalog": "publisher-catalog"}
CONTAINERS = {name: SERVICES.get(name, name.replace("_", "-")) for name in asdict(Ports())}
"""Container of each part with a port, by the name of the port."""


def render_compose(*, environment: dict[str, str] | None = None) -> dict[str, Any]:
    compose = Path(sys.executable).with_name("docker-compose")
    command = [str(compose), "--project-directory", str(docker.ROOT), "config", "--format=json"]
    done = subprocess.run(
        command, env=environment or {}, capture_output=True, text=True, check=True
    )
    services: dict[str, Any] = json.loads(done.stdout)["services"]
    return services


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return render_compose()


def read_published_port(service: dict[str, Any]) -> tuple[str, int, int]:
    (port,) = service["ports"]
    return port["host_ip"], int(port["published"]), port["target"]


@pytest.mark.parametrize("name", topology.SERVICES)
def test_each_service_has_the_settings_of_the_topology(services: dict[str, Any], name: str) -> None:
    here = topology.build_service_environment(name, Ports())
    there = services[SERVICES[name]]["environment"]

    inside = {
        "HOST": "0.0.0.0",  # noqa: S104 - inside the container
        "PUBSUB_EMULATOR_HOST": "pubsub:8085",
        "STORAGE_EMULATOR_HOST": "http://storage:4443",
        "SECRET_MANAGER_EMULATOR_HOST": "secrets:8086",
    }
    if name == "upload":
        inside["SIGNER_EMULATOR_HOST"] = "http://signer:8090"
    assert there == here | inside


def test_the_relay_pushes_to_every_service_of_the_topology(services: dict[str, Any]) -> None:
    environment = services["relay"]["environment"]

    assert set(environment) == set(topology.build_relay_environment(Ports()))
    for each in topology.SUBSCRIPTIONS:
        host, port = SERVICES[each.service], getattr(Ports(), each.service)
        assert environment[f"{each.service.upper()}_URL"] == f"http://{host}:{port}"
    assert float(environment["BACK_OFF_SCALE"]) == topology.BACK_OFF_SCALE


def test_each_port_is_published_on_the_loopback_as_documented(services: dict[str, Any]) -> None:
    for name in asdict(Ports()):
        port = getattr(Ports(), name)
        assert read_published_port(services[CONTAINERS[name]]) == ("127.0.0.1", port, port)


def test_other_ports_can_be_published() -> None:
    ports = Ports.from_base(9000)
    services = render_compose(environment=topology.build_compose_environment(ports))

    for name in asdict(Ports()):
        outside, inside = getattr(ports, name), getattr(Ports(), name)
        assert read_published_port(services[CONTAINERS[name]]) == ("127.0.0.1", outside, inside)
    assert f"-external-url=http://{ports.address('storage')}" in services["storage"]["command"]


def test_storage_announces_the_same_bucket_on_the_same_topic(services: dict[str, Any]) -> None:
    command = services["storage"]["command"]

    assert f"-event.bucket={topology.INCOMING}" in command
    assert f"-event.pubsub-topic={topology.UPLOADS_TOPIC}" in command
    assert f"-event.pubsub-project-id={topology.GCP_PROJECT}" in command


def test_up_waits_for_every_container_except_the_job(services: dict[str, Any]) -> None:
    assert {"bootstrap", *docker.CONTAINERS} == set(services)


def test_everything_starts_after_the_job_and_the_job_after_the_backends(
    services: dict[str, Any],
) -> None:
    for name in (*SERVICES.values(), "relay"):
        (dependency,) = services[name]["depends_on"].items()
        assert dependency[0] == "bootstrap"
        assert dependency[1]["condition"] == "service_completed_successfully"
    backends = services["bootstrap"]["depends_on"]
    assert {name: each["condition"] for name, each in backends.items()} == {
        name: "service_healthy" for name in ("pubsub", "storage", "secrets", "signer", "signed-put")
    }


def test_there_is_no_secret_in_the_file(services: dict[str, Any]) -> None:
    environment = services["bootstrap"]["environment"]
    assert environment["GCPYPI_TOKEN"] == environment["GCPYPI_UPLOAD_TOKEN"] == ""
