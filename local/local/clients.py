"""Google's client libraries, connected to the local stand-ins without credentials."""

from dataclasses import dataclass
from functools import cached_property

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.storage import Client as StorageClient
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from cloud import secrets
from local.settings import Backends
from local.topology import GCP_PROJECT


@dataclass(frozen=True)
class StandInClients:
    """One client per stand-in, created on first use."""

    backends: Backends

    @cached_property
    def storage(self) -> StorageClient:
        """Client of Cloud Storage."""
        return StorageClient(
            project=GCP_PROJECT,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call] # google-auth's
            client_options={"api_endpoint": self.backends.storage_emulator_host},
        )

    @cached_property
    def publisher(self) -> PublisherClient:
        """Client of Pub/Sub topics."""
        return PublisherClient(transport=PublisherGrpcTransport(channel=self._pubsub))

    @cached_property
    def subscriber(self) -> SubscriberClient:
        """Client of Pub/Sub subscriptions."""
        return SubscriberClient(transport=SubscriberGrpcTransport(channel=self._pubsub))

    @cached_property
    def secrets(self) -> SecretManagerServiceClient:
        """Client of Secret Manager."""
        return secrets.connect(self.backends.secret_manager_emulator_host)

    @cached_property
    def _pubsub(self) -> grpc.Channel:
        # An HTTP proxy of the environment cannot reach the loopback.
        options = [("grpc.enable_http_proxy", 0)]
        return grpc.insecure_channel(self.backends.pubsub_emulator_host, options=options)
