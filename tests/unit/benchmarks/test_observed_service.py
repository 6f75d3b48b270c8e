"""The number of tasks of a service, asked from outside."""

import asyncio
import subprocess
import sys
from pathlib import Path

from benchmarks.soak.observed_service import ask_count, count_tasks
from testing.processes import Process
from testing.services.proxy_processes import wait_until

ROOT = Path(__file__).parents[3]
PROGRAM = """
import asyncio, sys

async def wait():
    await asyncio.sleep(600)

async def main():
    tasks = [asyncio.create_task(wait()) for _ in range(5)]
    tasks[0].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print("ready", flush=True)
    await wait()

assert sys.argv == [__file__], sys.argv
asyncio.run(main())
"""


async def test_only_unfinished_tasks_count() -> None:
    before = count_tasks()
    waiting, done = asyncio.create_task(asyncio.sleep(600)), asyncio.create_task(asyncio.sleep(0))
    await done

    assert count_tasks() == before + 1

    waiting.cancel()
    await asyncio.wait([waiting])
    assert count_tasks() == before


def test_a_service_answers_with_its_tasks_from_outside(tmp_path: Path) -> None:
    (tmp_path / "five_tasks.py").write_text(PROGRAM)
    socket = tmp_path / "socket"
    command = [sys.executable, "-m", "benchmarks.soak.observed_service", str(socket), "five_tasks"]
    path = {"PYTHONPATH": f"{ROOT}:{tmp_path}"}
    with Process(command, environment=path, folder=tmp_path, stdout=subprocess.PIPE) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == b"ready\n"
        wait_until(lambda: ask_count(socket) == 5, "main and four tasks are left")
