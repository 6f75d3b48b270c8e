"""Makes what the services expect to find: buckets, topics, subscriptions, a secret with a token.

``python -m local.bootstrap`` may be run at any time and again: what is there is left alone. It is
to the local runtime what Terraform is to a deployment.
"""

import contextlib
import logging

from google.api_core.exceptions import AlreadyExists, Conflict, FailedPrecondition, NotFound
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.types import Replication, Secret, SecretPayload
from google.pubsub_v1.types import DeadLetterPolicy, ExpirationPolicy, Subscription

from local import layout, tokens
from local.clients import Clients
from local.logs import to_stdout
from local.settings import BootstrapSettings

logger = logging.getLogger(__name__)

PARENT = f"projects/{layout.PROJECT}"
SECRET = f"{PARENT}/secrets/{layout.TOKENS_SECRET}"


def bootstrap(clients: Clients, token: str) -> None:
    """Make everything that is missing; every client waits for its stand-in to come up."""
    for bucket in layout.BUCKETS.values():
        with contextlib.suppress(Conflict):
            clients.storage.create_bucket(bucket)
    for topic in layout.TOPICS:
        _topic(clients, topic)
    for each in layout.SUBSCRIPTIONS:
        _subscription(clients, each)
    _token(clients.secrets, token)


def _topic(clients: Clients, topic: str) -> None:
    with contextlib.suppress(AlreadyExists):
        clients.publisher.create_topic(name=f"{PARENT}/topics/{topic}")


def _subscription(clients: Clients, each: layout.Subscription) -> None:
    """Make it with its dead-letter topic, and that with a subscription: else letters are lost."""
    _topic(clients, each.dead_letter)
    _subscribe(clients, each.dead_letter, each.dead_letter)
    policy = DeadLetterPolicy(
        dead_letter_topic=f"{PARENT}/topics/{each.dead_letter}",
        max_delivery_attempts=layout.MAX_DELIVERY_ATTEMPTS,
    )
    # No retry policy and no ordering: the emulator loses messages with either (docs/adr/0003).
    _subscribe(clients, each.name, each.topic, policy)


def _subscribe(
    clients: Clients, name: str, topic: str, policy: DeadLetterPolicy | None = None
) -> None:
    subscription = Subscription(
        name=f"{PARENT}/subscriptions/{name}",
        topic=f"{PARENT}/topics/{topic}",
        ack_deadline_seconds=layout.ACK_DEADLINE,
        dead_letter_policy=policy,
        # Empty, not absent: it never expires.
        expiration_policy=ExpirationPolicy(),
    )
    with contextlib.suppress(AlreadyExists):
        clients.subscriber.create_subscription(request=subscription)


def _token(client: SecretManagerServiceClient, token: str) -> None:
    """Let ``token`` in, beside those the secret's latest version lets in already.

    Without a token and without a version, one is made and said: it opens this machine's index only.
    """
    with contextlib.suppress(AlreadyExists):
        client.create_secret(
            parent=PARENT,
            secret_id=layout.TOKENS_SECRET,
            secret=Secret(replication=Replication(automatic=Replication.Automatic())),
        )
    current = _latest(client)
    if not token and current is None:
        token = tokens.new()
        logger.info("the index lets in the user __token__ with the password %s", token)
    document = tokens.with_token(current, token) if token else None
    if document is not None:
        client.add_secret_version(parent=SECRET, payload=SecretPayload(data=document))


def _latest(client: SecretManagerServiceClient) -> bytes | None:
    try:
        answer = client.access_secret_version(name=f"{SECRET}/versions/latest")
    except (NotFound, FailedPrecondition):
        return None
    return bytes(answer.payload.data)


def main() -> None:
    """Make everything that is missing."""
    to_stdout()
    settings = BootstrapSettings()
    bootstrap(Clients(settings), settings.gcpypi_token)
    logger.info("buckets, topics, subscriptions and the secret are there")


if __name__ == "__main__":
    main()
