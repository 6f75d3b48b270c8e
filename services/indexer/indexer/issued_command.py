"""Command with resolved defaults: its id, its time and its author.

A message on ``project-command`` has no author: only operators can publish it. A message on
``command-accepted`` has the author that ingest derived from the name of an incoming object.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from schemas import layout
from schemas.events import CommandAccepted, ProjectCommand

CLOCK_SKEW = timedelta(minutes=5)
"""Largest accepted difference of two clocks, for example of an operator's and Pub/Sub's."""


class CommandRefused(Exception):
    """Command that can never be executed.

    :param reason: a stable code.
    :param detail: a sentence.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class IssuedCommand:
    """Command with resolved defaults."""

    command: ProjectCommand
    command_id: str
    issued_at: datetime
    """Time of the command; it decides the order of commands."""
    redeliver_until: datetime
    """Time until which Pub/Sub redelivers the command while its file or release is missing."""
    issued_by: str | None = None
    """Author; None for a message of an operator on ``project-command``."""

    @classmethod
    def from_command(
        cls,
        command: ProjectCommand,
        command_id: str,
        publish_time: datetime,
        command_grace: timedelta,
    ) -> "IssuedCommand":
        """Resolve the default of ``issued_at``, which is the publish time.

        :raises CommandRefused: if ``issued_at`` is after the publish time, by more than
            :data:`CLOCK_SKEW`. Later commands could not replace such a command.
        """
        if command.issued_at is not None and command.issued_at > publish_time + CLOCK_SKEW:
            raise CommandRefused(
                "issued-in-future",
                f"issued_at {command.issued_at:%Y-%m-%d %H:%M} is after the publish time of the "
                f"message ({publish_time:%Y-%m-%d %H:%M} UTC): correct issued_at, or leave it out",
            )
        return cls(
            command=command,
            command_id=command_id,
            issued_at=command.issued_at or publish_time,
            redeliver_until=publish_time + command_grace,
        )

    @classmethod
    def from_accepted(
        cls, accepted: CommandAccepted, publish_time: datetime, command_grace: timedelta
    ) -> "IssuedCommand":
        """Return a command from an incoming object; ingest derived its id, time and author.

        The time is that of Cloud Storage, and the author cannot correct it. A future time is
        therefore no reason for a refusal: Pub/Sub redelivers the command until the time is past.
        """
        command = accepted.command
        return cls(
            command=command,
            # CommandAccepted requires an id and a time, so the defaults are never used.
            command_id=command.command_id or "",
            issued_at=command.issued_at or publish_time,
            redeliver_until=publish_time + command_grace,
            issued_by=accepted.issued_by,
        )

    @property
    def order(self) -> tuple[datetime, str]:
        """Sort key of commands that set the same register."""
        return self.issued_at, self.command_id

    @property
    def kind(self) -> Literal["yanked", "yanked_by_uploaders", "removed"]:
        """Field of the record with the registers that the command sets; not for ``set-status``."""
        if self.command.action not in ("yank", "unyank"):
            return "removed"
        by_uploader = not layout.is_operator(self.issued_by)
        return "yanked_by_uploaders" if by_uploader or self.command.of_uploaders else "yanked"
