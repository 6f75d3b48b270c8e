"""Process of the proxy during outages of its storage and of Secret Manager.

``make test`` only kills them. ``CHAOS=full`` (``make chaos``) also halts them and lets storage
answer with errors.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep
from urllib.request import Request, urlopen

import pytest

from chaos.crowd import run_clients_in_thread
from testing.services.fleet import await_answer
from testing.services.proxy_processes import (
    CACHED,
    COLD,
    LARGE,
    PAGE,
    ProxyProcesses,
    make_contents,
    prepare_proxy,
    run_proxy,
    wait_until,
)

IS_FULL = os.environ.get("CHAOS") == "full"
REFRESH = 1.0
"""Seconds between two reads of the tokens."""
TIMES = {"TOKENS_REFRESH": f"{REFRESH}", "STORAGE_TIMEOUT": "2"}


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcesses]:
    with run_proxy(tmp_path_factory.mktemp("outages"), **TIMES) as started:
        yield started


@pytest.mark.parametrize("outage", ["killed", "halted"] if IS_FULL else ["killed"])
def test_without_secret_manager_old_tokens_work_and_new_tokens_work_after_its_return(
    on: ProxyProcesses, outage: str
) -> None:
    before, started = len(on.read_log("access.refresh")), monotonic()
    with run_clients_in_thread(on, CACHED) as results:
        on.secrets.kill() if outage == "killed" else on.secrets.halt()
        wait_until(
            lambda: len(on.read_log("access.refresh")) > before, "there is a line in the log"
        )
        sleep(2 * REFRESH)
        assert on.get(PAGE, "gcpypi_unknown").status == 401
        lines, passed = on.read_log("access.refresh")[before:], monotonic() - started
        assert len(lines) <= passed / REFRESH + 1
        assert all(line["message"].endswith("; the last good value stays in use") for line in lines)
        on.restart_secrets() if outage == "killed" else on.secrets.resume()
        token = on.create_token()
        wait_until(lambda: on.get(PAGE, token).status == 200, "a new token is accepted")
    assert results.find_outcomes() == {"right"}


def test_a_proxy_started_without_secret_manager_becomes_ready_when_it_returns(
    tmp_path: Path,
) -> None:
    with prepare_proxy(tmp_path, **TIMES) as on:
        on.restart_storage()
        on.proxy.start()
        await_answer(f"{on.url}/health")
        for _ in range(3):
            assert on.get("/ready")[:2] == (503, "2")
            assert on.get(PAGE)[:2] == (503, "2")
            sleep(REFRESH / 2)
        on.restart_secrets()
        on.await_ready()
        assert on.get(PAGE) == (200, None, make_contents()[PAGE])


def refuse(status: int) -> Callable[[ProxyProcesses], None]:
    def begin(on: ProxyProcesses) -> None:
        control(on, "POST", {"kind": "error", "status": status, "times": None})

    return begin


def control(on: ProxyProcesses, method: str, rule: Mapping[str, object] | None = None) -> None:
    body = json.dumps(rule).encode() if rule else None
    urlopen(Request(f"{on.storage_url}/_fake/faults", body, method=method), timeout=60).close()  # noqa: S310 - own server


OUTAGES: Mapping[str, tuple[Callable[[ProxyProcesses], None], Callable[[ProxyProcesses], None]]] = {
    "killed": (lambda on: on.storage.kill(), lambda on: on.restart_storage()),
    "halted": (lambda on: on.storage.halt(), lambda on: on.storage.resume()),
    "answering 429": (refuse(429), lambda on: control(on, "DELETE")),
    "answering 504": (refuse(504), lambda on: control(on, "DELETE")),
}
"""Functions that begin and end each outage."""
RIGHT = [(200, None, make_contents()[address]) for address in CACHED]


@pytest.mark.parametrize("outage", OUTAGES if IS_FULL else ["killed"])
def test_without_storage_pages_are_stale_and_uncached_files_are_503(
    on: ProxyProcesses, outage: str
) -> None:
    begin, finish = OUTAGES[outage]
    cold = COLD[list(OUTAGES).index(outage)]
    wait_until(lambda: [on.get(address) for address in CACHED] == RIGHT, "all responses are right")
    before = len(on.read_log("proxy.http.access_log"))
    with run_clients_in_thread(on, [*CACHED, LARGE]) as results:
        wait_until(lambda: results.answers[LARGE, "right"] > 0, "all responses are right")
        begin(on)
        wait_until(lambda: "503" in results.find_outcomes(LARGE), "a large file is refused")
        assert [on.get(address)[:2] for address in cold] == [(503, "2")] * 2
        assert [on.get(address) for address in CACHED] == RIGHT
        assert "stale" in read_caches(on, before)
        finish(on)
        wait_until(
            lambda: [on.get(address).status for address in cold] == [200] * 2,
            "uncached files are served again",
        )
        wait_until(lambda: read_caches(on, before)[-1] != "stale", "pages are fresh again")
    wait_until(lambda: on.get(LARGE).body == make_contents()[LARGE], "a large file is complete")
    assert results.find_outcomes(*CACHED) == {"right"}
    assert results.find_outcomes(LARGE) <= {"right", "503", "broken"}
    assert {line["status"] for line in on.read_log("proxy.http.access_log")[before:]} <= {200, 503}


def read_caches(on: ProxyProcesses, before: int) -> list[str]:
    """Return the cache status of each request of the page, after the first ``before`` log lines."""
    lines = on.read_log("proxy.http.access_log")[before:]
    return [line["cache"] for line in lines if line["path"] == PAGE]
