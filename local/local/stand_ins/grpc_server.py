"""Serves functions over messages as a gRPC service; the stand-ins for Google's services run on it.

Google's client libraries bring every message type but no servicer, so the methods are named in a
table: the request's type gives the decoder, the reply encodes itself.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc
import grpc.aio

# The libraries' messages are proto-plus or plain protobuf; they share no base class.
ProtoMessage: TypeAlias = Any
Context: TypeAlias = "grpc.aio.ServicerContext[ProtoMessage, ProtoMessage]"
Call: TypeAlias = Callable[[ProtoMessage], ProtoMessage | Awaitable[ProtoMessage]]

# A Pub/Sub request may be 10 MB, and gRPC takes 4 MB unless told otherwise.
OPTIONS = [("grpc.max_receive_message_length", 12_000_000)]


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a service."""

    request: type[ProtoMessage]
    call: Call


class Refused(Exception):
    """The answer to a call is an error status."""

    def __init__(self, code: grpc.StatusCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def not_found(detail: str) -> Refused:
    """Say that what was named does not exist."""
    return Refused(grpc.StatusCode.NOT_FOUND, detail)


def already_exists(detail: str) -> Refused:
    """Say that the name to be created is taken."""
    return Refused(grpc.StatusCode.ALREADY_EXISTS, detail)


def invalid(detail: str) -> Refused:
    """Say that the request can never work."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, detail)


def handler(service: str, methods: Mapping[str, Method]) -> grpc.GenericRpcHandler:
    """Return what a server needs to serve ``methods`` as ``service``."""
    return grpc.method_handlers_generic_handler(
        service, {name: _unary(method) for name, method in methods.items()}
    )


def _unary(method: Method) -> "grpc.RpcMethodHandler[ProtoMessage, ProtoMessage]":
    async def call(request: ProtoMessage, context: Context) -> ProtoMessage:
        try:
            reply = method.call(request)
            return await reply if isinstance(reply, Awaitable) else reply
        except Refused as refused:
            await context.abort(refused.code, refused.detail)

    return grpc.unary_unary_rpc_method_handler(
        call, request_deserializer=_decoder(method.request), response_serializer=_encode
    )


def _decoder(message: type[ProtoMessage]) -> Callable[[bytes], ProtoMessage]:
    decode: Callable[[bytes], ProtoMessage]
    decode = getattr(message, "deserialize", None) or message.FromString
    return decode


def _encode(message: ProtoMessage) -> bytes:
    encode = getattr(type(message), "serialize", None)
    encoded: bytes = encode(message) if encode else message.SerializeToString()
    return encoded


async def start(address: str, *handlers: grpc.GenericRpcHandler) -> tuple[grpc.aio.Server, int]:
    """Start a server on ``address`` and return it with its port (0 in ``address`` picks one).

    :raises RuntimeError: if the port is taken.
    """
    # Without SO_REUSEPORT off, two servers share a port in silence and each gets half of the calls.
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
