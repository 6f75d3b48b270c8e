"""What holds for every test."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop of ``async def`` tests: asyncio's, as in the services."""
    return "asyncio"
