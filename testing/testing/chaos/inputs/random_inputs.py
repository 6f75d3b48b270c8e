"""Inputs made from a seed; see :func:`make_inputs`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from local import topology
from schemas.events import CommandAccepted, FileAccepted, FileUploaded, ProjectCommand
from schemas.events import ProjectIndexed as Indexed
from testing.chaos.inputs.input_files import build_files, choose_hostile
from testing.chaos.inputs.plan import OPERATOR, SERVICE_USER, UPLOADERS, WAYS, StepPlan
from testing.chaos.inputs.scenarios import DIRECT, SCENARIOS, ProjectFiles
from testing.chaos.inputs.steps import SERVICE, CommandInput, FileInput, Inputs, Size

GUEST = "guest"
"""Uploader without a right to the projects of the inputs."""
_GUEST_GLOBS = ("guest-*",)
_ALL = ("*",)


@dataclass(frozen=True)
class _Counts:
    """Numbers of things in the inputs."""

    files: Sequence[int]
    """Valid files of each project, without those of the scenarios."""
    hostile: int
    messages: int


_COUNTS: Mapping[Size, _Counts] = {
    Size.FULL: _Counts((100, *[6] * 20, *[7] * 9), hostile=40, messages=20),
    Size.SHORT: _Counts((7, 5, 5, 5, 4, 5), hostile=6, messages=8),
}


def make_inputs(seed: int, size: Size, *, previous: bool = False) -> Inputs:
    """Make the inputs of a run; equal arguments give equal inputs.

    :param previous: only inputs that the previous release understands.
    """
    counts = _COUNTS[size]
    plan = StepPlan(seed, Random(f"inputs {seed}"), previous)  # noqa: S311 - repeatable
    for place, count in enumerate(counts.files):
        _add_project(plan, place, count, len(counts.files))
    _add_hostile(plan, counts.hostile)
    _add_refused_commands(plan)
    _add_messages(plan, counts.messages)
    grants: Mapping[str, object] = {
        SERVICE_USER: list(_ALL) if previous else {"projects": list(_ALL), "upload": True},
        UPLOADERS[1]: list(_ALL),
        GUEST: list(_GUEST_GLOBS),
    }
    users = {} if previous else {SERVICE_USER: _ALL}
    return Inputs(seed, previous, plan.list_steps(), grants, users)


def _add_project(plan: StepPlan, place: int, count: int, projects: int) -> None:
    project = f"fire-{place:02d}"
    files = build_files(project, count, f"fire-{(place + 1) % projects:02d}>=1")
    given = ProjectFiles(project, files, [plan.upload(file) for file in files])
    for scenario in SCENARIOS[place % len(SCENARIOS)]:
        scenario(plan, given)


def _add_hostile(plan: StepPlan, count: int) -> None:
    """Add hostile files, and one of an uploader without the right to its project."""
    for case, data in choose_hostile(plan.random, count, previous=plan.previous):
        ways = plan.choose_ways(WAYS)
        uploader = SERVICE_USER if ways == SERVICE else plan.random.choice(UPLOADERS)
        path = f"{uploader}/run-{len(plan.steps)}/{case.filename}"
        plan.add(FileInput(path, data, uploader, ways, fault=str(case.reason)))
    file = build_files("fire-00", 1, "")[0]
    path = f"{GUEST}/run-{len(plan.steps)}/{file.filename}"
    ways = plan.choose_ways(DIRECT)
    plan.add(FileInput(path, file.data, GUEST, ways, fault="not-allowed"))


def _add_refused_commands(plan: StepPlan) -> None:
    if plan.previous:
        return
    command = {"action": "remove", "project": "fire-00", "version": "1.0"}
    for author, fields, fault in (
        (SERVICE_USER, command, "not-allowed"),
        (GUEST, {**command, "action": "yank"}, "not-allowed"),
        (OPERATOR, {**command, "resaon": "a misspelled field"}, "bad-command"),
        (OPERATOR, {**command, "command_id": "mine"}, "bad-command"),
    ):
        name = f"{author}/run-{len(plan.steps)}/refused.command.json"
        plan.add(CommandInput(name, json.dumps(fields).encode(), fault=fault))


def _add_messages(plan: StepPlan, count: int) -> None:
    """Add unreadable messages: at first one of each kind, then any."""
    kinds = list(_list_messages(previous=plan.previous))
    chosen = [*kinds, *(plan.random.choice(kinds) for _ in range(count - len(kinds)))]
    for number, (topic, fields, fault) in enumerate(chosen[:count]):
        text = f"no JSON {number}" if fields is None else json.dumps({**fields, "n": number})
        plan.send(topic, text.encode(), fault)


def _list_messages(
    *, previous: bool
) -> Iterator[tuple[str, Mapping[str, object] | None, str | None]]:
    """Yield topic, fields (None: no JSON) and reason code of each kind of message."""
    uploaded, name = FileUploaded.topic, "acme/none/fire_00-9.0-py3-none-any.whl"
    unreadable = "unreadable-message"
    yield uploaded, None, unreadable
    yield ProjectCommand.topic, {"action": "explode", "project": "fire-00"}, unreadable
    yield FileAccepted.topic, {"file": {}}, None
    yield uploaded, {"bucket": "another-bucket", "name": name}, "not-allowed"
    yield uploaded, {"name": name}, unreadable
    yield ProjectCommand.topic, None, unreadable
    yield Indexed.topic, {"project": "fire-00"}, None
    if not previous:
        yield uploaded, {"bucket": topology.INCOMING, "name": name}, "not-found"
        yield CommandAccepted.topic, {"command": {}}, None
        yield uploaded, {"bucket": topology.INCOMING, "name": name, "schema_version": 99}, None
