"""Delivery of one message to a worker over HTTP, as Pub/Sub delivers it."""

import base64
import json
from collections.abc import Mapping
from http.client import HTTPConnection, IncompleteRead

from local import topology
from testing.services.proxy_processes import HttpResponse


def send_push(
    address: tuple[str, int],
    subscription: str,
    data: bytes,
    *,
    message_id: str = "1",
    attributes: Mapping[str, str] | None = None,
    timeout: float = topology.ACK_DEADLINE,
) -> HttpResponse:
    """Deliver a message, and return the response.

    :param address: host and port of the worker.
    :param timeout: seconds until the push fails.
    :raises ConnectionError: if the connection ends without a whole response.
    """
    message = {
        "data": base64.b64encode(data).decode(),
        "messageId": message_id,
        "publishTime": "2026-11-24T12:00:00Z",
        "attributes": attributes or {},
    }
    body = json.dumps({"message": message, "subscription": subscription})
    connection = HTTPConnection(*address, timeout=timeout)
    try:
        connection.request("POST", f"/push/{subscription}", body)
        answer = connection.getresponse()
        return HttpResponse(answer.status, answer.headers["retry-after"], answer.read())
    except IncompleteRead as error:
        raise ConnectionError(f"no whole response to a push of {subscription}") from error
    finally:
        connection.close()
