"""Configuration of all tests."""

import pytest

from testing.processes import interrupt_at_sigterm


def pytest_configure() -> None:
    """Tear down fixtures and their processes at SIGTERM too."""
    interrupt_at_sigterm()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Backend of ``async def`` tests: asyncio, as in the services."""
    return "asyncio"
