from collections.abc import AsyncGenerator

from proxy.replies import Reply
from proxy.transfer import Transfer
from unit.proxy.world import Client, run


async def chunks(*parts: bytes) -> AsyncGenerator[bytes, None]:
    for part in parts:
        yield part


async def sent(reply: Reply) -> tuple[Client, Transfer]:
    client = Client("/", {})
    transfer = Transfer(client.receive, client.send, write_timeout=1)
    await transfer.send(reply)
    return client, transfer


async def act(reply: Reply) -> tuple[bytes, bool, bool]:
    client, transfer = await sent(reply)
    return client.answer().body, client.is_complete(), transfer.is_complete


def test_a_stream_is_complete_when_every_byte_was_sent() -> None:
    assert run(act(Reply(200, (), chunks(b"ab", b"c"), 3))) == (b"abc", True, True)


def test_a_stream_that_ends_early_is_not_completed() -> None:
    assert run(act(Reply(200, (), chunks(b"ab"), 3))) == (b"ab", False, False)
