"""Scenarios of single projects: their files, and commands about them.

Each function adds steps for one project. Where the outcome would depend on the order, the steps
have ``after``. Other steps race, and the registers decide.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from testing.chaos.inputs.input_files import (
    TAGS,
    SampleFile,
    build_sample_sdist,
    build_sample_wheel,
)
from testing.chaos.inputs.plan import OPERATOR, SERVICE_USER, UPLOADERS, StepPlan
from testing.chaos.inputs.steps import Ways

DIRECT: Sequence[Ways] = ("bucket", "message", "both")
"""Ways without the upload service, for files that ingest can refuse."""
EXTRA_TAG = "cp314-none-any"
_RACERS = 4


@dataclass(frozen=True)
class ProjectFiles:
    """Files of a project, with the numbers of their uploads."""

    project: str
    files: Sequence[SampleFile]
    uploads: Sequence[int]

    @property
    def first(self) -> SampleFile:
        """First file, a wheel of the release 1.0."""
        return self.files[0]

    def list_first_release(self) -> list[int]:
        """Return the uploads of the release of the first file."""
        pairs = zip(self.files, self.uploads, strict=True)
        return [number for file, number in pairs if file.version == self.first.version]


Scenario = Callable[[StepPlan, ProjectFiles], None]


def _target(given: ProjectFiles, action: str, **others: object) -> dict[str, object]:
    return {"action": action, "project": given.project, **others}


def race_yanks(plan: StepPlan, given: ProjectFiles) -> None:
    """Yank and lift yanks in any order: by an operator, by uploaders, by files and releases."""
    version, filename, upload = given.first.version, given.first.filename, given.uploads[0]
    ours = _target(given, "yank", version=version, reason="ours")
    yank = plan.command(ours, [upload], author=SERVICE_USER)
    plan.command(_target(given, "unyank", filename=filename), [yank], author=UPLOADERS[1])
    plan.command(_target(given, "yank", filename=filename), near=upload, author=OPERATOR)
    for number in range(_RACERS):
        action = plan.random.choice(["yank", "unyank"])
        subject = plan.random.choice([{"version": f"{version}.0"}, {"filename": filename}])
        reason = plan.random.choice([None, " ", f"because {number}"])
        fields = _target(given, action, reason=reason, **subject)
        plan.command(fields, near=upload, second=plan.random.randrange(3))


def lift_yanks_of_uploaders(plan: StepPlan, given: ProjectFiles) -> None:
    """Deprecate the project, and lift the yank of an uploader as an operator."""
    version, upload = given.first.version, given.uploads[0]
    yank = plan.command(_target(given, "yank", version=version), [upload], author=UPLOADERS[1])
    if not plan.previous:
        lift = _target(given, "unyank", version=version, of_uploaders=True)
        plan.command(lift, [yank], author=OPERATOR)
    for second, status in enumerate(("deprecated", "active", "deprecated")):
        fields = _target(given, "set-status", status=status, reason="old")
        plan.command(fields, near=upload, second=second)


def remove_and_restore(plan: StepPlan, given: ProjectFiles) -> None:
    """Remove and restore a file, and remove a release before a further file of it arrives."""
    first, last = given.files[0], given.files[-1]
    remove = plan.command(
        _target(given, "remove", filename=first.filename), [given.uploads[0]], author=OPERATOR
    )
    plan.command(_target(given, "restore", filename=first.filename), [remove])
    gone = plan.command(_target(given, "remove", version=last.version), [given.uploads[-1]])
    plan.upload(build_sample_wheel(given.project, last.version, EXTRA_TAG), [gone])


def quarantine_project(plan: StepPlan, given: ProjectFiles) -> None:
    """Quarantine the project, refuse its files, and open it again."""
    fields = _target(given, "set-status", status="quarantined", reason="attacked")
    closed = plan.command(fields, given.uploads, author=plan.random.choice([OPERATOR, None]))
    refused = plan.upload(build_sample_wheel(given.project, "8.0"), [closed], ways=DIRECT)
    repeated = plan.upload(given.first, [closed], ways=DIRECT)
    if plan.random.random() < 0.7:
        fields = _target(given, "set-status", status="active")
        # In a race the previous release can refuse an upload and still announce its file.
        settled = [refused] if plan.previous else []
        opened = plan.command(fields, [closed, repeated, *settled])
        plan.upload(build_sample_wheel(given.project, "8.1"), [opened])


def quarantine_release(plan: StepPlan, given: ProjectFiles) -> None:
    """Quarantine a release and refuse its files; open it again in half of the cases."""
    version = given.first.version
    if plan.previous:
        return
    fields = _target(given, "set-status", version=f"{version}.0", status="quarantined")
    closed = plan.command(fields, given.list_first_release(), author=OPERATOR)
    plan.upload(build_sample_wheel(given.project, version, EXTRA_TAG), [closed], ways=DIRECT)
    plan.upload(build_sample_wheel(given.project, "8.0"), [closed])
    if plan.random.random() < 0.5:
        fields = _target(given, "set-status", version=version, status="active")
        opened = plan.command(fields, [closed])
        plan.upload(build_sample_wheel(given.project, version, "cp315-none-any"), [opened])


def archive_project(plan: StepPlan, given: ProjectFiles) -> None:
    """Archive the project after its last file, and refuse another one."""
    fields = _target(given, "set-status", status="archived")
    closed = plan.command(fields, given.uploads, author=plan.random.choice([OPERATOR, None]))
    plan.upload(build_sample_sdist(given.project, "8.0"), [closed], ways=DIRECT)


def compete_for_names(plan: StepPlan, given: ProjectFiles) -> None:
    """Upload equal files, other bytes under one name, and equivalent names: raced and in order."""
    project, upload = given.project, given.uploads[0]
    plan.upload(given.first, near=upload, ways=DIRECT)
    plan.upload(given.first, [upload])
    other = build_sample_wheel(project, given.first.version, body="other")
    plan.upload(other, [upload], ways=DIRECT)
    racer = plan.upload(build_sample_sdist(project, "7.0"), ways=DIRECT)
    for number in range(2):
        file = build_sample_sdist(project, "7.0", body=f"rival {number}")
        plan.upload(file, near=racer, ways=DIRECT)
    if plan.previous:
        return
    plan.upload(build_sample_wheel(project, f"{given.first.version}.0"), [upload], ways=DIRECT)
    racer = plan.upload(build_sample_wheel(project, "7.1", TAGS[1]), ways=DIRECT)
    for version in ("7.1.0", "7.1.0.0"):
        plan.upload(build_sample_wheel(project, version, TAGS[1]), near=racer, ways=DIRECT)


SCENARIOS: Sequence[Sequence[Scenario]] = (
    (race_yanks, compete_for_names),
    (remove_and_restore,),
    (quarantine_project,),
    (quarantine_release, lift_yanks_of_uploaders),
    (archive_project,),
    (compete_for_names, lift_yanks_of_uploaders),
)
"""Scenarios of the projects, in turn."""
