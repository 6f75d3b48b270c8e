"""The proxy's process while what it reads from is killed, halted, refuses, and comes back.

``make test`` kills them; ``CHAOS=full`` (``make chaos``) does the rest as well.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep
from urllib.request import Request, urlopen

import pytest

from chaos.crowd import in_the_background
from testing.services.fleet import await_answer
from testing.services.proxied import (
    CACHED,
    COLD,
    LARGE,
    PAGE,
    Proxied,
    contents,
    eventually,
    proxied,
    running,
)

IS_FULL = os.environ.get("CHAOS") == "full"
REFRESH = 1.0
"""Seconds between two readings of the tokens."""
TIMES = {"TOKENS_REFRESH": f"{REFRESH}", "STORAGE_TIMEOUT": "0.75"}


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    with running(tmp_path_factory.mktemp("outages"), **TIMES) as started:
        yield started


@pytest.mark.parametrize("way", ["killed", "halted"] if IS_FULL else ["killed"])
def test_without_secret_manager_tokens_go_on_and_new_ones_are_seen_when_it_is_back(
    on: Proxied, way: str
) -> None:
    before, started = len(on.lines("access.refresh")), monotonic()
    with in_the_background(on, CACHED) as seen:
        on.secrets.kill() if way == "killed" else on.secrets.halt()
        eventually(lambda: len(on.lines("access.refresh")) > before, "a line in the log")
        sleep(2 * REFRESH)
        assert on.get(PAGE, "gcpypi_unknown").status == 401
        lines, passed = on.lines("access.refresh")[before:], monotonic() - started
        assert len(lines) <= passed / REFRESH + 1
        assert all(line["message"].endswith("; the last good value serves") for line in lines)
        on.restart_secrets() if way == "killed" else on.secrets.go_on()
        token = on.create_token()
        eventually(lambda: on.get(PAGE, token).status == 200, "a new token is seen")
    assert seen.outcomes() == {"right"}


def test_started_without_secret_manager_it_is_ready_by_itself_when_that_comes(
    tmp_path: Path,
) -> None:
    with proxied(tmp_path, **TIMES) as on:
        on.restart_storage()
        on.proxy.start()
        await_answer(f"{on.url}/health")
        for _ in range(3):
            assert on.get("/ready")[:2] == (503, "2")
            assert on.get(PAGE)[:2] == (503, "2")
            sleep(REFRESH / 2)
        on.restart_secrets()
        on.await_ready()
        assert on.get(PAGE) == (200, None, contents()[PAGE])


def refuse(status: int) -> Callable[[Proxied], None]:
    def begin(on: Proxied) -> None:
        control(on, "POST", {"kind": "error", "status": status, "times": None})

    return begin


def control(on: Proxied, method: str, rule: Mapping[str, object] | None = None) -> None:
    body = json.dumps(rule).encode() if rule else None
    urlopen(Request(f"{on.storage_url}/_fake/faults", body, method=method), timeout=10).close()  # noqa: S310 - ours


OUTAGES: Mapping[str, tuple[Callable[[Proxied], None], Callable[[Proxied], None]]] = {
    "killed": (lambda on: on.storage.kill(), lambda on: on.restart_storage()),
    "halted": (lambda on: on.storage.halt(), lambda on: on.storage.go_on()),
    "answering 429": (refuse(429), lambda on: control(on, "DELETE")),
    "answering 504": (refuse(504), lambda on: control(on, "DELETE")),
}
"""How each begins and ends."""
RIGHT = [(200, None, contents()[address]) for address in CACHED]


@pytest.mark.parametrize("outage", OUTAGES if IS_FULL else ["killed"])
def test_without_storage_pages_are_stale_cached_files_go_on_and_the_rest_is_503(
    on: Proxied, outage: str
) -> None:
    begin, finish = OUTAGES[outage]
    cold = COLD[list(OUTAGES).index(outage)]
    eventually(lambda: [on.get(address) for address in CACHED] == RIGHT, "all is well")
    before = len(on.lines("proxy.http.access_log"))
    with in_the_background(on, [*CACHED, LARGE]) as seen:
        eventually(lambda: seen.answers[LARGE, "right"] > 0, "all is well")
        begin(on)
        eventually(lambda: "503" in seen.outcomes(LARGE), "a large file is refused")
        assert [on.get(address)[:2] for address in cold] == [(503, "2")] * 2
        assert [on.get(address) for address in CACHED] == RIGHT
        assert "stale" in caches(on, before)
        finish(on)
        eventually(lambda: [on.get(address).status for address in cold] == [200] * 2, "it is back")
        eventually(lambda: caches(on, before)[-1] != "stale", "pages are fresh again")
    eventually(lambda: on.get(LARGE).body == contents()[LARGE], "a large file comes whole")
    assert seen.outcomes(*CACHED) == {"right"}
    assert seen.outcomes(LARGE) <= {"right", "503", "broken"}
    assert {line["status"] for line in on.lines("proxy.http.access_log")[before:]} <= {200, 503}


def caches(on: Proxied, before: int) -> list[str]:
    """What the log says of each answer with the page, since so many lines."""
    lines = on.lines("proxy.http.access_log")[before:]
    return [line["cache"] for line in lines if line["path"] == PAGE]
