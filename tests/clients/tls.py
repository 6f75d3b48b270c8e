"""A front end that ends TLS, as Cloud Run does: ``python tls.py <certificate> <key> <port>``.

It prints its own port, and serves until it is stopped.
"""

import asyncio
import ssl
import sys
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer


async def _pump(reader: Reader, writer: Writer) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # the other side has gone
    finally:
        writer.close()


async def serve(certificate: str, key: str, port: int) -> None:
    """Pass on to ``port`` what comes over TLS."""

    async def passed_on(reader: Reader, writer: Writer) -> None:
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, behind_writer), _pump(behind_reader, writer))

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(passed_on, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
