"""Configuration of all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from first_python import find_reason
from scheduling import RuntimeScheduling, count_processes, sort_slow_first
from testing.processes import accept_sigint, interrupt_at_sigterm


def pytest_configure() -> None:
    """Tear down fixtures and their processes at SIGTERM too. Let no test fail on a time."""
    interrupt_at_sigterm()
    accept_sigint()  # tests send it to programs
    os.environ.pop("MAKEFLAGS", None)  # tests start make without the options of another make
    settings.register_profile(
        "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("any-machine")


@pytest.hookimpl(tryfirst=True)  # before the selection by markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests for one Python. Let the processes of pytest-xdist begin with slow rings."""
    tests = Path(__file__).parent
    for item in items:
        if reason := find_reason(item.path.relative_to(tests)):
            item.add_marker(pytest.mark.first_python(reason))
    if hasattr(config, "workerinput"):
        items[:] = sort_slow_first(items, tests)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return the number of processes for ``-n auto``."""
    return count_processes()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Return the scheduler for ``--dist loadfile``."""
    return RuntimeScheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Backend of ``async def`` tests: asyncio, as in the services."""
    return "asyncio"
