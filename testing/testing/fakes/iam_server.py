"""The stand-in of IAM Service Account Credentials in the event loop of a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from local.stand_ins.iam_credentials import SigningKey, create_app


@dataclass(frozen=True)
class IamServer:
    """Running stand-in."""

    key: SigningKey
    port: int

    @property
    def host(self) -> str:
        """Value of ``SIGNER_EMULATOR_HOST``."""
        return f"127.0.0.1:{self.port}"


@asynccontextmanager
async def run_iam() -> AsyncIterator[IamServer]:
    """Run the stand-in with a new key."""
    key = SigningKey()
    runner = web.AppRunner(create_app(key))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield IamServer(key, runner.addresses[0][1])
    finally:
        await runner.cleanup()
