"""A server that terminates TLS, as Cloud Run does: ``python tls.py <certificate> <key> <port>``.

It prints its port, and serves until a signal.
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
        pass  # the other side has closed the connection
    finally:
        writer.close()


async def serve(certificate: str, key: str, port: int) -> None:
    """Forward decrypted data to ``port``."""

    async def forward(reader: Reader, writer: Writer) -> None:
        backend_reader, backend_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, backend_writer), _pump(backend_reader, writer))

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(forward, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
