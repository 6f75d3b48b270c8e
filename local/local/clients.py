"""Google's clients, led to the local stand-ins without any credentials."""

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
from local.layout import PROJECT
from local.settings import Backends


@dataclass(frozen=True)
class Clients:
    """One client of each stand-in, made when it is first asked for."""

    backends: Backends

    @cached_property
    def storage(self) -> StorageClient:
        """Cloud Storage."""
        return StorageClient(
            project=PROJECT,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call] # google-auth's
            client_options={"api_endpoint": self.backends.storage_emulator_host},
        )

    @cached_property
    def publisher(self) -> PublisherClient:
        """Pub/Sub's topics."""
        return PublisherClient(transport=PublisherGrpcTransport(channel=self._pubsub))

    @cached_property
    def subscriber(self) -> SubscriberClient:
        """Pub/Sub's subscriptions."""
        return SubscriberClient(transport=SubscriberGrpcTransport(channel=self._pubsub))

    @cached_property
    def secrets(self) -> SecretManagerServiceClient:
        """Secret Manager."""
        return secrets.connect(self.backends.secret_manager_emulator_host)

    @cached_property
    def _pubsub(self) -> grpc.Channel:
        # A proxy of the machine's environment leads nowhere from the loopback.
        options = [("grpc.enable_http_proxy", 0)]
        return grpc.insecure_channel(self.backends.pubsub_emulator_host, options=options)
