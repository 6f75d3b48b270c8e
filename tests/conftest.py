"""What holds for every test."""

import pytest

from testing.processes import interrupt_at_sigterm


def pytest_configure() -> None:
    """Tear down fixtures, and with them their processes, also at SIGTERM."""
    interrupt_at_sigterm()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop of ``async def`` tests: asyncio's, as in the services."""
    return "asyncio"
