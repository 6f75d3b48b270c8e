"""What the programs of the local runtime read from the environment, and nothing else does."""

from typing import Literal, Self

from pydantic_settings import BaseSettings, SettingsConfigDict

from local.layout import BACK_OFF_SCALE, Ports

STANDARD = Ports()


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Backends(_Settings):
    """Where the stand-ins are; Google's libraries read the same variables."""

    pubsub_emulator_host: str = STANDARD.address("pubsub")
    """``host:port`` of Pub/Sub."""
    storage_emulator_host: str = STANDARD.url("storage")
    """The URL of Cloud Storage."""
    secret_manager_emulator_host: str = STANDARD.address("secrets")
    """``host:port`` of Secret Manager."""

    @classmethod
    def at(cls, ports: Ports) -> Self:
        """Return those of a runtime on ``ports``, whatever the environment says."""
        return cls(
            pubsub_emulator_host=ports.address("pubsub"),
            storage_emulator_host=ports.url("storage"),
            secret_manager_emulator_host=ports.address("secrets"),
        )


class BootstrapSettings(Backends):
    """What the bootstrap job needs."""

    gcpypi_token: str = ""
    """The token to let in; without one the job makes one and says it."""


class RelaySettings(Backends):
    """What the relay needs."""

    ingest_url: str = STANDARD.url("ingest")
    """Where ingest listens."""
    indexer_url: str = STANDARD.url("indexer")
    """Where the indexer listens."""
    publisher_url: str = STANDARD.url("publisher")
    """Where the publisher listens."""
    catalog_url: str = STANDARD.url("catalog")
    """Where the publisher's second instance, for the catalog, listens."""
    back_off_scale: float = BACK_OFF_SCALE
    """How long refused messages are held back, as a share of production's 10 s to 600 s."""

    def url(self, service: str) -> str:
        """Return where ``service`` listens."""
        return str(getattr(self, f"{service}_url"))


class UpSettings(_Settings):
    """What ``python -m local up`` takes from the environment."""

    runtime: Literal["docker", "native", ""] = ""
    """Which runtime to use; empty: docker if an engine answers, else native."""
