"""Commands of the inputs, with the ids, times and authors that the system gave them.

The rules of the design, written again: a command on ``project-command`` has its own id and time, or
those of its message. The object of a command gives it the digest of its name and generation as id,
its creation as time, and the start of its name as author.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from packaging.utils import canonicalize_version

from local import topology
from testing.chaos.inputs import CommandInput, Inputs
from testing.chaos.system_state import SystemState


@dataclass(frozen=True)
class SentCommand:
    """One command."""

    step: int
    """Index of its step."""
    fields: Mapping[str, str]
    command_id: str
    issued_at: datetime
    author: str | None
    """None for a message."""
    address: str | None = None
    """Name of the verdict on its object; None for a message."""
    fault: str | None = None
    """Reason code of its refusal by ingest."""

    @property
    def order(self) -> tuple[datetime, str]:
        """Key by which the newest of several commands wins."""
        return self.issued_at, self.command_id

    @property
    def answer(self) -> str:
        """Name of the answer in the verdicts bucket."""
        return f"commands/{self.command_id}.json"

    @property
    def project(self) -> str:
        """Project that the command changes."""
        return self.fields["project"]

    @property
    def kind(self) -> str:
        """Register that the command sets."""
        action = self.fields["action"]
        if action == "set-status":
            return "status"
        if action in ("remove", "restore"):
            return "removed"
        is_operator = self.author is None or self.author.startswith("operators/")
        is_theirs = is_operator and not self.fields.get("of_uploaders")
        return "yanked" if is_theirs else "yanked_by_uploaders"

    @property
    def subject(self) -> tuple[str, str]:
        """Scope and key of the register: a file, a release, or the project."""
        if "filename" in self.fields:
            return "files", self.fields["filename"]
        if "version" in self.fields:
            return "versions", canonicalize_version(self.fields["version"])
        return "project", ""

    @property
    def value(self) -> bool | str:
        """Value of the register."""
        if self.kind == "status":
            return self.fields["status"]
        return self.fields["action"] in ("yank", "remove")

    @property
    def reason(self) -> str | None:
        """Reason in the register: a yank or removal has no blank one."""
        reason = self.fields.get("reason")
        if self.kind == "status":
            return reason
        return reason if reason and reason.strip() else None

    def has_target(self, project: str, release: str, filename: str) -> bool:
        """Return whether the command is about a file, its release or its project."""
        scope, key = self.subject
        found = {"files": filename, "versions": release, "project": ""}[scope]
        return project == self.project and found == key


def list_commands(inputs: Inputs, state: SystemState) -> list[SentCommand]:
    """Return the commands of all steps that the system has received."""
    found = list[SentCommand]()
    for number, step in enumerate(inputs.steps):
        if isinstance(step, CommandInput):
            read = _read_messages if step.object_name is None else _read_object
            found += read(number, step, state)
    return found


def _read_messages(number: int, step: CommandInput, state: SystemState) -> Iterator[SentCommand]:
    for message in state.published:
        if message.topic == "project-command" and message.data == step.data:
            fields = step.fields
            issued_at = fields.get("issued_at")
            yield SentCommand(
                number,
                fields,
                fields.get("command_id", message.message_id),
                datetime.fromisoformat(issued_at) if issued_at else message.published,
                None,
            )


def _read_object(number: int, step: CommandInput, state: SystemState) -> Iterator[SentCommand]:
    name = step.object_name or ""
    found = state.buckets[topology.INCOMING].get(name)
    if found is None:
        return
    first, second, *_ = name.split("/")
    digest = sha256(f"{name}#{found.generation}".encode()).hexdigest()
    yield SentCommand(
        number,
        step.fields,
        f"{first}.{digest[:32]}",
        found.created,
        f"{first}/{second}" if first == "operators" else first,
        f"{name}/{found.generation}.json",
        step.fault,
    )
