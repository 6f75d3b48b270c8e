"""gRPC server for the stand-ins of Google's services.

Google's client libraries contain every message type, but no servicers. A table therefore lists the
methods: the type of the request gives the decoder, and the response encodes itself.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc
import grpc.aio

# Messages are proto-plus or plain protobuf classes, without a common base class.
ProtoMessage: TypeAlias = Any
Context: TypeAlias = "grpc.aio.ServicerContext[ProtoMessage, ProtoMessage]"
Call: TypeAlias = Callable[[ProtoMessage], ProtoMessage | Awaitable[ProtoMessage]]

# A Pub/Sub request has up to 10 MB; the default limit of gRPC is 4 MB.
OPTIONS = [("grpc.max_receive_message_length", 12_000_000)]


@dataclass(frozen=True, slots=True)
class Method:
    """Method of a service."""

    request: type[ProtoMessage]
    call: Call


class StatusError(Exception):
    """Error status as the response to a call."""

    def __init__(self, code: grpc.StatusCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def make_not_found(detail: str) -> StatusError:
    """Return the error for a resource that does not exist."""
    return StatusError(grpc.StatusCode.NOT_FOUND, detail)


def make_already_exists(detail: str) -> StatusError:
    """Return the error for a new resource whose name is taken."""
    return StatusError(grpc.StatusCode.ALREADY_EXISTS, detail)


def make_invalid_argument(detail: str) -> StatusError:
    """Return the error for an invalid request."""
    return StatusError(grpc.StatusCode.INVALID_ARGUMENT, detail)


def make_handler(service: str, methods: Mapping[str, Method]) -> grpc.GenericRpcHandler:
    """Return the handler that serves ``methods`` as ``service``."""
    return grpc.method_handlers_generic_handler(
        service, {name: _make_unary_handler(method) for name, method in methods.items()}
    )


def _make_unary_handler(method: Method) -> "grpc.RpcMethodHandler[ProtoMessage, ProtoMessage]":
    async def call(request: ProtoMessage, context: Context) -> ProtoMessage:
        try:
            response = method.call(request)
            return await response if isinstance(response, Awaitable) else response
        except StatusError as error:
            await context.abort(error.code, error.detail)

    return grpc.unary_unary_rpc_method_handler(
        call, request_deserializer=_find_decoder(method.request), response_serializer=_encode
    )


def _find_decoder(message: type[ProtoMessage]) -> Callable[[bytes], ProtoMessage]:
    decode: Callable[[bytes], ProtoMessage]
    decode = getattr(message, "deserialize", None) or message.FromString
    return decode


def _encode(message: ProtoMessage) -> bytes:
    encode = getattr(type(message), "serialize", None)
    encoded: bytes = encode(message) if encode else message.SerializeToString()
    return encoded


async def start(address: str, *handlers: grpc.GenericRpcHandler) -> tuple[grpc.aio.Server, int]:
    """Start a server on ``address``; return it with its port (port 0 selects a free one).

    :raises RuntimeError: if the port is taken.
    """
    # With SO_REUSEPORT, two servers could share a port, and each would get half of the calls.
    server = grpc.aio.server(options=[*OPTIONS, ("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(handlers)
    port = server.add_insecure_port(address)
    await server.start()
    return server, port


async def serve(address: str, *handlers: grpc.GenericRpcHandler) -> None:
    """Serve until SIGTERM or SIGINT."""
    server, port = await start(address, *handlers)
    logging.getLogger(__name__).info("listening on port %d", port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await server.stop(grace=0.2)
