"""Topology of the local runtime: the names, ports and connections of its parts.

docker-compose.yml has the same values for containers; tests/unit/local/test_compose.py compares
both.
"""

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from typing import Self

from schemas.events import MESSAGES

HOST = "127.0.0.1"
GCP_PROJECT = "gcpypi-local"
TOKENS_SECRET = "gcpypi-tokens"  # noqa: S105 - the secret's name
UPLOADERS_SECRET = "gcpypi-uploaders"  # noqa: S105 - the secret's name
UPLOADER = "dev"
"""Uploader of the local publishing token: uploads lie under ``upload/dev/``."""

INCOMING = f"{GCP_PROJECT}-incoming"
PACKAGES = f"{GCP_PROJECT}-packages"
VERDICTS = f"{GCP_PROJECT}-verdicts"
METADATA = f"{GCP_PROJECT}-metadata"
STATIC = f"{GCP_PROJECT}-static"
BUCKETS: Mapping[str, str] = {
    "INCOMING_BUCKET": INCOMING,
    "PACKAGES_BUCKET": PACKAGES,
    "VERDICTS_BUCKET": VERDICTS,
    "METADATA_BUCKET": METADATA,
    "STATIC_BUCKET": STATIC,
}

TOPICS = tuple(message.topic for message in MESSAGES)
UPLOADS_TOPIC = "file-uploaded"

# Values of production; the relay scales only the back-off.
ACK_DEADLINE = 600
MAX_DELIVERY_ATTEMPTS = 30
WINDOW = 80
# Back-off of 0.1 s to 6 s instead of 10 s to 600 s, so that a local mistake shows in seconds.
BACK_OFF_SCALE = 0.01
# Seconds in which a file that is on its way to the indexer arrives; 600 in production. The attempts
# of the relay take longer, so a command with a typing error gets an answer and is no dead letter.
COMMAND_GRACE = 8
# Seconds for which the proxy answers from memory; 2 in production, where each read of a page costs
# an operation. A publication of one file takes as long, because its project's page was read before.
CACHE_TTL = 0.5


@dataclass(frozen=True, slots=True)
class Subscription:
    """Push subscription of one service to one topic."""

    name: str
    topic: str
    service: str
    """Field of :class:`Ports` with the port of the service."""
    is_deferred: bool = False
    """True if its deliveries wait while files are on their way to the pages for installers."""

    @property
    def dead_letter(self) -> str:
        """Name of both the dead-letter topic and the subscription to it."""
        return f"{self.name}-dead-letter"

    @property
    def path(self) -> str:
        """URL path of the service's push endpoint."""
        return f"/push/{self.name}"


SUBSCRIPTIONS = (
    Subscription("ingest-file-uploaded", UPLOADS_TOPIC, "ingest"),
    Subscription("indexer-file-accepted", "file-accepted", "indexer"),
    Subscription("indexer-project-command", "project-command", "indexer"),
    Subscription("indexer-command-accepted", "command-accepted", "indexer"),
    Subscription("publisher-project", "project-indexed", "publisher"),
    Subscription("publisher-catalog", "project-indexed", "catalog", is_deferred=True),
    Subscription("web-project", "project-indexed", "web", is_deferred=True),
)

# Module of each service. The publisher runs twice, once for the catalog; web is a module of its
# package, for the pages for people.
SERVICES: Mapping[str, str] = {
    "ingest": "ingest.main",
    "indexer": "indexer.main",
    "publisher": "publisher.main",
    "catalog": "publisher.main",
    "web": "publisher.web.main",
    "proxy": "proxy.main",
    "upload": "upload.main",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports of the parts on the loopback interface."""

    proxy: int = 8080
    ingest: int = 8081
    indexer: int = 8082
    publisher: int = 8083
    catalog: int = 8084
    pubsub: int = 8085
    secrets: int = 8086
    upload: int = 8087
    web: int = 8088
    signed_put: int = 8089
    signer: int = 8090
    storage: int = 4443

    @classmethod
    def from_base(cls, base: int) -> Self:
        """Return consecutive ports from ``base``, in the order of the fields."""
        return cls(*range(base, base + len(fields(cls))))

    def address(self, name: str) -> str:
        """Return ``host:port`` of the part ``name``."""
        return f"{HOST}:{getattr(self, name)}"

    def url(self, name: str) -> str:
        """Return the URL of the part ``name``, without a trailing slash."""
        return f"http://{self.address(name)}"

    @property
    def is_standard(self) -> bool:
        """True for the default ports, which the documentation names."""
        return astuple(self) == astuple(type(self)())


def build_compose_environment(ports: Ports) -> dict[str, str]:
    """Return the variables of docker-compose.yml for the published ports."""
    return {f"{each.name.upper()}_PORT": str(getattr(ports, each.name)) for each in fields(ports)}


def build_emulator_environment(ports: Ports) -> dict[str, str]:
    """Return the variables that connect Google's and our libraries to the stand-ins."""
    return {
        "PUBSUB_EMULATOR_HOST": ports.address("pubsub"),
        "STORAGE_EMULATOR_HOST": ports.url("storage"),
        "SECRET_MANAGER_EMULATOR_HOST": ports.address("secrets"),
    }


def build_gcloud_environment(ports: Ports) -> dict[str, str]:
    """Return the variables that connect gcloud to the stand-ins, without a login."""
    return {
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": GCP_PROJECT,
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
        # The stand-in has no compose. gcloud uses it for the parts of files above 150 MiB.
        "CLOUDSDK_STORAGE_PARALLEL_COMPOSITE_UPLOAD_ENABLED": "false",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB": f"{ports.url('pubsub')}/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{ports.url('storage')}/storage/v1/",
    }


def build_topic_settings() -> dict[str, str]:
    """Return the settings with the names of the topics, for example ``TOPIC_FILE_ACCEPTED``."""
    return {f"TOPIC_{topic.replace('-', '_').upper()}": topic for topic in TOPICS}


def build_index_url(ports: Ports) -> str:
    """Return the URL of the index, without credentials."""
    return f"{ports.url('proxy')}/simple/"


def build_upload_url(ports: Ports) -> str:
    """Return the URL to which twine, uv and other tools upload."""
    return f"{ports.url('upload')}/legacy/"


def _build_own_settings(service: str, ports: Ports) -> dict[str, str]:
    """Return the settings of one service only.

    The URL of the index is the audience of ID tokens. The proxy describes no services and jobs of
    Cloud Run, because there are none.
    """
    own: Mapping[str, dict[str, str]] = {
        "proxy": {
            "TOPICS": json.dumps({topic: topic for topic in TOPICS}),
            "CACHE_TTL": str(CACHE_TTL),
            "INDEX_URL": build_index_url(ports),
            "UPLOAD_URL": build_upload_url(ports),
        },
        "upload": {
            "UPLOAD_URL": build_upload_url(ports),
            "INDEX_URL": build_index_url(ports),
            "UPLOADERS_SECRET": UPLOADERS_SECRET,
            "SIGNER_EMULATOR_HOST": ports.url("signer"),
            "SIGNED_PUT_EMULATOR_HOST": ports.url("signed_put"),
        },
        # Module of the container; the native runtime starts the module by its name.
        "web": {"SERVICE": "publisher.web"},
    }
    return own.get(service, {})


def build_service_environment(service: str, ports: Ports) -> dict[str, str]:
    """Return the settings of one service, including the addresses of the emulators."""
    return {
        "HOST": HOST,
        "PORT": str(getattr(ports, service)),
        "GCP_PROJECT": GCP_PROJECT,
        "TOKENS_SECRET": TOKENS_SECRET,
        "COMMAND_GRACE": str(COMMAND_GRACE),
        **BUCKETS,
        **build_topic_settings(),
        **build_emulator_environment(ports),
        **_build_own_settings(service, ports),
    }


def build_relay_environment(ports: Ports) -> dict[str, str]:
    """Return the settings of the relay."""
    urls = {f"{s.service.upper()}_URL": ports.url(s.service) for s in SUBSCRIPTIONS}
    return {**urls, **build_emulator_environment(ports), "BACK_OFF_SCALE": str(BACK_OFF_SCALE)}
