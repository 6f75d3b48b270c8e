"""Reader that polls: what it sees at a correct index, and at indexes that break a promise."""

import hashlib
import threading
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from testing.chaos.polling_reader import PollingReader
from testing.chaos.polling_reader.observations import PATIENCE, Observations, SeenPublication
from testing.chaos.polling_reader.reader_clock import ReaderClock
from testing.served_app import serve_app

FILES = {"acme-1.0-py3-none-any.whl": b"one", "acme-2.0-py3-none-any.whl": b"two"}
ONE, TWO = FILES
BOTH = frozenset(FILES)


@dataclass(frozen=True)
class Ending:
    """Facts of an expected state."""

    listed: dict[str, frozenset[str]] = field(default_factory=lambda: {"acme": BOTH})
    losers: frozenset[str] = frozenset()
    withdrawable: frozenset[str] = frozenset()


def publish(revision: int, names: "frozenset[str]", moment: float) -> SeenPublication:
    return SeenPublication("acme", revision, names, moment)


def observe(*publications: SeenPublication) -> Observations:
    observations = Observations()
    for each in publications:
        observations.note_publication(each)
    observations.note_page("acme", BOTH)
    return observations


FIRST, REMOVAL = publish(1, BOTH, 0.0), publish(2, frozenset({ONE}), 10.0)


@pytest.mark.parametrize(
    ("moment", "late"), [(10.0 + PATIENCE - 0.1, False), (10.0 + PATIENCE, True)]
)
def test_a_removed_file_may_be_served_for_eight_seconds(moment: float, late: bool) -> None:
    observations = observe(FIRST, REMOVAL)
    observations.note_file("acme", TWO, moment)
    assert bool(observations.find_differences(Ending())) is late


def test_the_order_of_the_messages_does_not_matter() -> None:
    observations = observe(publish(2, frozenset({ONE}), 0.0), publish(1, BOTH, 1.0))
    observations.note_file("acme", TWO, 20.0)
    (difference,) = observations.find_differences(Ending())
    assert difference.startswith(f"{TWO} was served 20.0 s after project-published of acme at ")


def test_a_file_that_was_restored_or_lost_to_an_equivalent_one_may_be_served() -> None:
    observations = observe(FIRST, REMOVAL, publish(3, BOTH, 40.0))
    observations.note_file("acme", TWO, 30.0)
    assert observations.find_differences(Ending()) == []
    observations = observe(FIRST, REMOVAL)
    observations.note_file("acme", TWO, 30.0)
    assert observations.find_differences(Ending(losers=frozenset({TWO}))) == []


def test_a_linked_file_without_an_answer_is_a_difference_unless_a_command_withdrew_it() -> None:
    observations = observe()
    observations.note_dead_link("acme", TWO, 404)
    assert observations.find_differences(Ending()) == [
        f"the page of acme links {TWO}, whose status is 404"
    ]
    assert observations.find_differences(Ending(withdrawable=frozenset({TWO}))) == []


def test_the_last_page_is_that_of_the_newest_record() -> None:
    observations = observe()
    observations.note_page("acme", {ONE})
    assert observations.find_differences(Ending()) == [
        f"the last page of acme differs from its newest record by ['{TWO}']"
    ]


@pytest.mark.parametrize(
    ("status", "has_retry_after", "is_fault_on", "allowed"),
    [
        (200, False, False, True),
        (404, False, False, True),
        (503, True, True, True),
        (503, True, False, False),
        (503, False, True, False),
        (500, True, True, False),
        (401, False, True, False),
    ],
)
def test_only_a_503_with_retry_after_during_a_fault_is_allowed(
    status: int, has_retry_after: bool, is_fault_on: bool, allowed: bool
) -> None:
    observations = Observations()
    observations.note_status(
        "/simple/acme/", status, has_retry_after=has_retry_after, is_fault_on=is_fault_on
    )
    assert (observations.differences == []) is allowed


def test_the_clock_stands_still_between_the_first_stop_and_the_last_start() -> None:
    times = iter([1.0, 2.0, 5.0, 6.0])
    clock = ReaderClock(lambda: next(times))
    assert clock() == 1.0
    clock.stop()  # at 2
    clock.stop()
    assert clock() == 2.0
    clock.start()
    assert clock() == 2.0
    clock.start()  # at 5
    assert clock() == 3.0


@dataclass
class BreakableIndex:
    """Index of one project that can break promises; it counts its requests."""

    broken: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Path, and which headers tell the tools apart."""
    enough: threading.Event = field(default_factory=threading.Event)

    def build_app(self) -> Starlette:
        routes = [
            Route("/simple/acme/", self.answer_page),
            Route("/packages/{name}.metadata", self.answer_metadata),
            Route("/packages/{name}", self.answer_file),
        ]
        return Starlette(routes=routes)

    def answer_page(self, request: Request) -> Response:
        self._note(request)
        if self.broken == "page":
            return Response(status_code=500)
        files = [
            {
                "filename": name,
                "url": f"../../packages/{name}",
                "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
                "core-metadata": True,
            }
            for name, data in FILES.items()
        ]
        return JSONResponse({"files": files}, headers={"ETag": '"1"'})

    def answer_metadata(self, request: Request) -> Response:
        self._note(request)
        return Response(b"Name: acme\n")

    def answer_file(self, request: Request) -> Response:
        self._note(request)
        if self.broken == "file":
            return Response(status_code=404)
        if self.broken == "content":
            return Response(b"other bytes")
        return Response(FILES[request.path_params["name"]])

    def _note(self, request: Request) -> None:
        names = ("cache-control", "if-none-match", "range")
        tool = next((name for name in names if name in request.headers), "")
        self.seen.append((request.url.path, tool))
        if len(self.seen) > 60:
            self.enough.set()


def poll(broken: str = "", settled: Ending | None = None) -> tuple[BreakableIndex, list[str]]:
    """Poll an index for some requests; return what the reader found."""
    index = BreakableIndex(broken)
    with (
        serve_app(index.build_app()) as url,
        PollingReader(f"{url}/simple/", "secret", guard=0.0) as reader,
    ):
        reader.note_publication("acme", 1, BOTH)
        assert index.enough.wait(600)
        return index, reader.finish(settled or Ending())


def test_the_reader_sends_the_requests_of_both_tools_and_finds_no_difference() -> None:
    index, differences = poll()
    assert differences == []
    file, page = f"/packages/{ONE}", "/simple/acme/"
    wanted = {(page, "cache-control"), (page, "if-none-match"), (file, "range")}
    assert set(index.seen) >= {*wanted, (file, ""), (f"{file}.metadata", "")}


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("page", "GET /simple/acme/ is 500 without Retry-After without a fault"),
        ("file", f"the page of acme links {ONE}, whose status is 404"),
        ("content", "has sha256"),
    ],
)
def test_the_reader_finds_a_broken_promise(broken: str, sentence: str) -> None:
    _, differences = poll(broken)
    assert any(sentence in each for each in differences), differences


def test_the_reader_finds_a_withdrawn_file_that_stays_served() -> None:
    sentence = f"{TWO} is served, and the newest record does not list it"
    _, differences = poll(settled=Ending(listed={"acme": frozenset({ONE})}))
    assert sentence in differences


def test_a_fault_of_a_part_that_does_not_answer_readers_excuses_no_503() -> None:
    with PollingReader("http://127.0.0.1:1/simple/", "secret") as reader:
        for part, has_fault in (("pubsub", False), ("ingest", False), ("secrets", True)):
            reader.note_interruption(part, True)
            assert reader.is_fault_on() is has_fault


def test_the_reader_finds_a_page_that_stays_behind_the_newest_record() -> None:
    only_one = Ending(listed={"acme": frozenset({ONE})}, losers=frozenset({TWO}))
    _, differences = poll(settled=only_one)
    assert differences == [f"the last page of acme differs from its newest record by ['{TWO}']"]
