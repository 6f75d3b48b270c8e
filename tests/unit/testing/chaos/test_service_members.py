"""Members of the whole system: overlapping events leave one running process."""

from dataclasses import dataclass, field
from pathlib import Path

from testing.chaos.service_members import ServiceMember


@dataclass
class RecordedProcess:
    """Process that records its events."""

    name: str
    log: list[str]
    runs: bool = field(default=False, init=False)

    def start(self) -> None:
        self.log.append(f"start {self.name}")
        self.runs = True

    def kill(self) -> None:
        self.log.append(f"kill {self.name}")
        self.runs = False

    def halt(self) -> None:
        self.log.append(f"halt {self.name}")

    def resume(self) -> None:
        self.log.append(f"resume {self.name}")

    def end(self) -> None:
        self.log.append(f"end {self.name}")
        self.runs = False

    def is_running(self) -> bool:
        return self.runs


def make_member(log: list[str]) -> ServiceMember:
    processes = RecordedProcess("new", log), RecordedProcess("old", log)
    return ServiceMember("ingest", "http://127.0.0.1:1", *processes, Path("clock"))


def test_a_killed_process_is_started_once() -> None:
    log: list[str] = []
    member = make_member(log)
    for action in (member.start, member.kill, member.kill, member.resume, member.start):
        action()
    member.start()
    assert log == ["start new", "kill new", "start new"]


def test_a_replaced_process_starts_again_in_its_release() -> None:
    log: list[str] = []
    member = make_member(log)
    member.start()
    member.replace(previous=True)
    member.kill()
    member.start()
    member.replace(previous=False)
    assert log == [
        "start new",
        "end new",
        "start old",
        "kill old",
        "start old",
        "end old",
        "start new",
    ]


def test_a_process_that_ends_by_itself_has_died() -> None:
    log: list[str] = []
    member = make_member(log)
    assert not member.has_died
    member.start()
    assert not member.has_died
    assert isinstance(member.current, RecordedProcess)
    member.current.runs = False
    assert member.has_died
