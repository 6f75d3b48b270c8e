"""Creation of the resources of the services: buckets, topics, subscriptions, and both secrets.

``python -m local.bootstrap`` can run at any time and repeatedly: it leaves existing resources
unchanged. It replaces Terraform in the local runtime.
"""

import contextlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from google.api_core.exceptions import AlreadyExists, Conflict, FailedPrecondition, NotFound
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.types import Replication, Secret, SecretPayload
from google.pubsub_v1.types import DeadLetterPolicy, ExpirationPolicy, Subscription

from local import token_document, topology
from local.clients import StandInClients
from local.plain_logs import log_to_stdout
from local.settings import BootstrapSettings
from schemas.tokens import generate_token

logger = logging.getLogger(__name__)

PARENT = f"projects/{topology.GCP_PROJECT}"


@dataclass(frozen=True, slots=True)
class InitialToken:
    """Token that a secret has after the bootstrap."""

    secret: str
    """Name of the secret."""
    value: str
    """Token; if it is empty and the secret has no version, the bootstrap creates a token."""
    uploader: str | None
    """Uploader of a publishing token; None for reading."""
    service: str
    """Name of the service that accepts the token, for the log."""


def bootstrap(clients: StandInClients, tokens: Iterable[InitialToken]) -> None:
    """Create all missing resources; each client waits until its stand-in answers."""
    for bucket in topology.BUCKETS.values():
        with contextlib.suppress(Conflict):
            clients.storage.create_bucket(bucket)
    for topic in topology.TOPICS:
        _create_topic(clients, topic)
    for each in topology.SUBSCRIPTIONS:
        _create_subscriptions(clients, each)
    for token in tokens:
        _store_token(clients.secrets, token)


def _create_topic(clients: StandInClients, topic: str) -> None:
    with contextlib.suppress(AlreadyExists):
        clients.publisher.create_topic(name=f"{PARENT}/topics/{topic}")


def _create_subscriptions(clients: StandInClients, each: topology.Subscription) -> None:
    """Create a subscription, its dead-letter topic, and a subscription that keeps dead letters."""
    _create_topic(clients, each.dead_letter)
    _create_subscription(clients, each.dead_letter, each.dead_letter)
    policy = DeadLetterPolicy(
        dead_letter_topic=f"{PARENT}/topics/{each.dead_letter}",
        max_delivery_attempts=topology.MAX_DELIVERY_ATTEMPTS,
    )
    # No retry policy and no ordering: the emulator loses messages with either (docs/adr/0003).
    _create_subscription(clients, each.name, each.topic, policy)


def _create_subscription(
    clients: StandInClients, name: str, topic: str, policy: DeadLetterPolicy | None = None
) -> None:
    subscription = Subscription(
        name=f"{PARENT}/subscriptions/{name}",
        topic=f"{PARENT}/topics/{topic}",
        ack_deadline_seconds=topology.ACK_DEADLINE,
        dead_letter_policy=policy,
        # An empty policy means no expiry; without a policy it would expire.
        expiration_policy=ExpirationPolicy(),
    )
    with contextlib.suppress(AlreadyExists):
        clients.subscriber.create_subscription(request=subscription)


def _store_token(client: SecretManagerServiceClient, token: InitialToken) -> None:
    """Add a token to the tokens of its secret's latest version.

    Without a value and without a version, create a token and log it. It is valid only for the index
    on this machine.
    """
    secret = f"{PARENT}/secrets/{token.secret}"
    with contextlib.suppress(AlreadyExists):
        client.create_secret(
            parent=PARENT,
            secret_id=token.secret,
            secret=Secret(replication=Replication(automatic=Replication.Automatic())),
        )
    current, value = _read_latest(client, secret), token.value
    if not value and current is None:
        value = generate_token()
        logger.info("%s accepts the user __token__ with the password %s", token.service, value)
    document = token_document.add_token(current, value, token.uploader) if value else None
    if document is not None:
        client.add_secret_version(parent=secret, payload=SecretPayload(data=document))


def _read_latest(client: SecretManagerServiceClient, secret: str) -> bytes | None:
    try:
        answer = client.access_secret_version(name=f"{secret}/versions/latest")
    except (NotFound, FailedPrecondition):
        return None
    return bytes(answer.payload.data)


def main() -> None:
    """Create all missing resources."""
    log_to_stdout()
    settings = BootstrapSettings()
    tokens = (
        InitialToken(topology.TOKENS_SECRET, settings.gcpypi_token, None, "the index"),
        InitialToken(
            topology.UPLOADERS_SECRET,
            settings.gcpypi_upload_token,
            topology.UPLOADER,
            "the upload service",
        ),
    )
    bootstrap(StandInClients(settings), tokens)
    logger.info("buckets, topics, subscriptions and both secrets exist")


if __name__ == "__main__":
    main()
