from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

from starlette.types import Message

from proxy.replies import Reply
from proxy.transfer import Transfer
from unit.proxy.world import Client, run


async def chunks(*parts: bytes) -> AsyncGenerator[bytes, None]:
    for part in parts:
        yield part


async def sent(
    reply: Reply, on_send: Callable[[Message], Coroutine[Any, Any, None]] | None = None
) -> tuple[Client, Transfer]:
    client = Client("/", {})
    client.on_send = on_send
    transfer = Transfer(client.receive, client.send)
    await transfer.send(reply)
    return client, transfer


async def act(reply: Reply) -> tuple[bytes, bool, bool]:
    client, transfer = await sent(reply)
    return client.answer().body, client.is_complete(), transfer.is_complete


def test_a_stream_is_complete_when_every_byte_was_sent() -> None:
    assert run(act(Reply(200, (), chunks(b"ab", b"c"), 3))) == (b"abc", True, True)


def test_a_stream_that_ends_early_is_not_completed() -> None:
    assert run(act(Reply(200, (), chunks(b"ab"), 3))) == (b"ab", False, False)


def test_the_next_chunk_is_read_when_the_server_wants_more_and_not_before() -> None:
    steps: list[str] = []

    async def read() -> AsyncGenerator[bytes, None]:
        for part in (b"ab", b"c"):
            steps.append("read")
            yield part

    async def note(message: Message) -> None:
        steps.append(f"sent {message['body'].decode() or 'nothing'}" if "body" in message else "")

    run(sent(Reply(200, (), read(), 3), note))
    first, second = ["sent ab", "sent nothing"], ["sent c", "sent nothing"]
    assert steps == ["read", "", *first, "read", *second, "sent nothing"]
