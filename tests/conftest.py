"""Configuration of all tests."""

import pytest
from hypothesis import HealthCheck, settings

from testing.processes import interrupt_at_sigterm


def pytest_configure() -> None:
    """Tear down fixtures and their processes at SIGTERM too. Let no test fail on a time."""
    interrupt_at_sigterm()
    settings.register_profile(
        "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("any-machine")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Backend of ``async def`` tests: asyncio, as in the services."""
    return "asyncio"
