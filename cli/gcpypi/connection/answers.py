"""Answers of the index in the verdicts bucket, and the polling for them."""

import math
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from cloud.errors import NotFound, PermissionDenied
from cloud.ports import Bucket
from cloud.retry import Backoff
from gcpypi.connection.record_reader import find_document
from schemas.layout import locate_command_verdict, locate_verdict
from schemas.types import Document
from schemas.verdict_documents import CommandVerdict, Verdict

T = TypeVar("T")
D = TypeVar("D", bound=Document)

READ = "storage.objects.get"
"""Right in the message of Cloud Storage if the caller may not read an object."""
READ_REMEDY = (
    "an owner gives you the right to read your own verdicts (uploaders or operators in "
    "terraform.tfvars, then deploy/install)"
)
PAUSES = Backoff(first=0.1, longest=3.0, jitter=(1.0, 1.0))
"""Pauses of a polling, in seconds."""


def find_verdict(verdicts: Bucket, incoming_name: str, generation: int) -> Verdict | None:
    """Return the verdict on one generation of an incoming object, or None if there is none yet.

    :raises PermissionDenied: without the right to read verdicts.
    :raises CloudError: if Cloud Storage does not answer.
    :raises CommandFailure: if the verdict is unreadable.
    """
    return _find(verdicts, locate_verdict(incoming_name, generation), Verdict)


def find_command_verdict(verdicts: Bucket, command_id: str) -> CommandVerdict | None:
    """Return the verdict on a command, or None if there is none yet.

    :raises PermissionDenied: without the right to read verdicts.
    :raises CloudError: if Cloud Storage does not answer.
    :raises CommandFailure: if the verdict is unreadable.
    """
    return _find(verdicts, locate_command_verdict(command_id), CommandVerdict)


def _find(verdicts: Bucket, name: str, model: type[D]) -> D | None:
    """Return a document, or None if it is absent.

    An uploader may read its verdicts but not list them. Cloud Storage then answers 403 for an
    absent object, and names the right to list. Without the right to read, it names that one.
    """
    try:
        return find_document(verdicts, name, model, "verdict")
    except NotFound:
        return None
    except PermissionDenied as error:
        if READ in error.detail:
            raise
        return None


class Polling:
    """Rounds of a polling until a deadline, with growing pauses.

    :param patience: seconds from now to the deadline.
    :param clock: returns seconds; monotonic.
    """

    def __init__(
        self,
        patience: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        pauses: Backoff = PAUSES,
    ) -> None:
        self._clock, self._sleep, self._pauses = clock, sleep, pauses
        self._end = clock() + patience
        self._rounds = 0
        self.least_pause = 0.0
        """Seconds of the shortest pause, for rounds that cost many requests."""
        self.longest_pause = math.inf
        """Seconds of the longest pause, for a request at a certain time. The shortest precedes."""

    def iterate_rounds(self) -> Iterator[None]:
        """Yield at once, then after each pause, and the last time at the deadline."""
        yield
        while (rest := self._end - self._clock()) > 0:
            pause = min(self._pauses.compute_pause(self._rounds, 0.0), self.longest_pause)
            self._sleep(min(max(pause, self.least_pause), rest))
            self._rounds += 1
            yield

    def reset_pauses(self) -> None:
        """Begin with the first pause again, because the last round found something."""
        self._rounds = 0

    def wait_for(self, probe: Callable[[], T | None]) -> T | None:
        """Call ``probe`` until it returns a value, and return that; return None at the deadline."""
        for _ in self.iterate_rounds():
            if (found := probe()) is not None:
                return found
        return None
