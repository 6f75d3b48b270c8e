"""The one table of the local runtime: what is called what, listens where and talks to whom.

docker-compose.yml says the same for containers; tests/unit/local/test_compose.py compares the two.
"""

import socket
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from typing import Self

from schemas.events import MESSAGES

HOST = "127.0.0.1"
PROJECT = "gcpypi-local"
TOKENS_SECRET = "gcpypi-tokens"  # noqa: S105 - the secret's name

INCOMING = f"{PROJECT}-incoming"
PACKAGES = f"{PROJECT}-packages"
VERDICTS = f"{PROJECT}-verdicts"
METADATA = f"{PROJECT}-metadata"
STATIC = f"{PROJECT}-static"
BUCKETS: Mapping[str, str] = {
    "INCOMING_BUCKET": INCOMING,
    "PACKAGES_BUCKET": PACKAGES,
    "VERDICTS_BUCKET": VERDICTS,
    "METADATA_BUCKET": METADATA,
    "STATIC_BUCKET": STATIC,
}

TOPICS = tuple(message.topic for message in MESSAGES)
UPLOADS_TOPIC = "file-uploaded"

# As in production; the relay scales only the back-off.
ACK_DEADLINE = 600
MAX_DELIVERY_ATTEMPTS = 30
WINDOW = 80
# A local mistake should be seen in seconds: 0.1 s to 6 s instead of 10 s to 600 s.
BACK_OFF_SCALE = 0.01


@dataclass(frozen=True, slots=True)
class Subscription:
    """A queue of one topic for one service."""

    name: str
    topic: str
    service: str
    """The field of :class:`Ports` of the service it is pushed to."""

    @property
    def dead_letter(self) -> str:
        """Its dead-letter topic, and that topic's own subscription."""
        return f"{self.name}-dead-letter"

    @property
    def path(self) -> str:
        """Where the service takes its messages."""
        return f"/push/{self.name}"


SUBSCRIPTIONS = (
    Subscription("ingest-file-uploaded", UPLOADS_TOPIC, "ingest"),
    Subscription("indexer-file-accepted", "file-accepted", "indexer"),
    Subscription("indexer-project-command", "project-command", "indexer"),
    Subscription("publisher-project", "project-indexed", "publisher"),
    Subscription("publisher-catalog", "project-indexed", "catalog"),
)

# The module of each service; the publisher runs twice, once for the catalog.
SERVICES: Mapping[str, str] = {
    "ingest": "ingest.main",
    "indexer": "indexer.main",
    "publisher": "publisher.main",
    "catalog": "publisher.main",
    "proxy": "proxy.main",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """Who listens where on the loopback."""

    proxy: int = 8080
    ingest: int = 8081
    indexer: int = 8082
    publisher: int = 8083
    catalog: int = 8084
    pubsub: int = 8085
    secrets: int = 8086
    storage: int = 4443

    @classmethod
    def block(cls, base: int) -> Self:
        """Return ``base`` and the ports after it, in the order of the fields."""
        return cls(*range(base, base + len(fields(cls))))

    @classmethod
    def free(cls) -> Self:
        """Return ports nobody listens on right now."""
        sockets = [socket.create_server((HOST, 0)) for _ in fields(cls)]
        ports = [each.getsockname()[1] for each in sockets]
        for each in sockets:
            each.close()
        return cls(*ports)

    def address(self, name: str) -> str:
        """Return ``host:port`` of what is called ``name``."""
        return f"{HOST}:{getattr(self, name)}"

    def url(self, name: str) -> str:
        """Return the URL of what is called ``name``, without a slash at its end."""
        return f"http://{self.address(name)}"

    @property
    def standard(self) -> bool:
        """Whether these are the ports of the documentation."""
        return astuple(self) == astuple(type(self)())


def published_ports(ports: Ports) -> dict[str, str]:
    """Return the variables by which docker-compose.yml knows where to publish each port."""
    return {f"{each.name.upper()}_PORT": str(getattr(ports, each.name)) for each in fields(ports)}


def emulators(ports: Ports) -> dict[str, str]:
    """Return the variables that lead Google's libraries, and ours, to the stand-ins."""
    return {
        "PUBSUB_EMULATOR_HOST": ports.address("pubsub"),
        "STORAGE_EMULATOR_HOST": ports.url("storage"),
        "SECRET_MANAGER_EMULATOR_HOST": ports.address("secrets"),
    }


def gcloud_environment(ports: Ports) -> dict[str, str]:
    """Return the variables that lead gcloud to the stand-ins, without a login."""
    return {
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": PROJECT,
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB": f"{ports.url('pubsub')}/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{ports.url('storage')}/storage/v1/",
    }


def topic_settings() -> dict[str, str]:
    """Return the settings that name the topics, as ``TOPIC_FILE_ACCEPTED``."""
    return {f"TOPIC_{topic.replace('-', '_').upper()}": topic for topic in TOPICS}


def service_environment(service: str, ports: Ports) -> dict[str, str]:
    """Return the settings of one service, with the emulators."""
    return {
        "HOST": HOST,
        "PORT": str(getattr(ports, service)),
        "PROJECT": PROJECT,
        "TOKENS_SECRET": TOKENS_SECRET,
        **BUCKETS,
        **topic_settings(),
        **emulators(ports),
    }


def relay_environment(ports: Ports) -> dict[str, str]:
    """Return the settings of the relay."""
    urls = {f"{s.service.upper()}_URL": ports.url(s.service) for s in SUBSCRIPTIONS}
    return {**urls, **emulators(ports), "BACK_OFF_SCALE": str(BACK_OFF_SCALE)}
