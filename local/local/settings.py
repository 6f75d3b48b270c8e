"""Settings of the local runtime's programs, read from the environment."""

from typing import Literal, Self

from pydantic_settings import BaseSettings, SettingsConfigDict

from local.topology import BACK_OFF_SCALE, Ports

STANDARD = Ports()


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Backends(_Settings):
    """Addresses of the stand-ins; Google's libraries read the same variables."""

    pubsub_emulator_host: str = STANDARD.address("pubsub")
    """``host:port`` of Pub/Sub."""
    storage_emulator_host: str = STANDARD.url("storage")
    """URL of Cloud Storage."""
    secret_manager_emulator_host: str = STANDARD.address("secrets")
    """``host:port`` of Secret Manager."""

    @classmethod
    def from_ports(cls, ports: Ports) -> Self:
        """Return the addresses of a runtime on ``ports``, independent of the environment."""
        return cls(
            pubsub_emulator_host=ports.address("pubsub"),
            storage_emulator_host=ports.url("storage"),
            secret_manager_emulator_host=ports.address("secrets"),
        )


class BootstrapSettings(Backends):
    """Settings of the bootstrap job."""

    gcpypi_token: str = ""
    """Token to accept; if it is empty, the job creates a token and logs it."""
    gcpypi_upload_token: str = ""
    """Publishing token to accept; if it is empty, the job creates a token and logs it."""


class RelaySettings(Backends):
    """Settings of the relay."""

    ingest_url: str = STANDARD.url("ingest")
    """URL of ingest."""
    indexer_url: str = STANDARD.url("indexer")
    """URL of the indexer."""
    publisher_url: str = STANDARD.url("publisher")
    """URL of the publisher."""
    catalog_url: str = STANDARD.url("catalog")
    """URL of the publisher's second instance, for the catalog."""
    web_url: str = STANDARD.url("web")
    """URL of the service for the pages for people."""
    back_off_scale: float = BACK_OFF_SCALE
    """Back-off after a failed delivery, relative to production's 10 s to 600 s."""

    def url(self, service: str) -> str:
        """Return the URL of ``service``."""
        return str(getattr(self, f"{service}_url"))


class UpSettings(_Settings):
    """Settings of ``python -m local up``."""

    runtime: Literal["docker", "native", ""] = ""
    """Runtime to start; if empty, docker if an engine answers, else native."""
