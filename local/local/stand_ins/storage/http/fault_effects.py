"""Effects of faults on the connection of a client."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterable
from typing import Protocol

from local.stand_ins.storage import errors
from local.stand_ins.storage.faults import Fault, When

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with 0 seconds: closing sends RST."""


class Dropped(Exception):
    """The connection is closed; no client waits for a response."""


class FaultTarget(Protocol):
    """Connection of a client, as far as faults need it."""

    transport: asyncio.Transport
    closed: asyncio.Event


async def apply_faults(faults: Iterable[Fault], when: When, client: FaultTarget) -> None:
    """Apply the faults of this moment.

    :raises Dropped: after a reset or a hang.
    :raises StorageError: for a response with an error.
    """
    for fault in faults:
        if fault.when != when:
            continue
        match fault.kind:
            case "latency":
                await asyncio.sleep(fault.seconds)
            case "error":
                raise errors.fault_error(fault.status, fault.message)
            case "reset":
                await _reset(client)
            case "hang":
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(fault.seconds):
                        await client.closed.wait()
                await _reset(client)


async def _reset(client: FaultTarget) -> None:
    transport = client.transport
    if not transport.is_closing():  # the socket of a client that is gone takes no option
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
    await client.closed.wait()
    raise Dropped


def find_truncation(faults: Iterable[Fault], size: int) -> int | None:
    """Return the number of bytes of a body of ``size`` that a fault sends; None: all."""
    return next(
        (f.after_bytes for f in faults if f.kind == "truncate" and f.after_bytes < size), None
    )
