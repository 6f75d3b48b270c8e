"""Secret in memory."""

from collections.abc import Callable, Sequence

from cloud.errors import CloudError, NotFound
from cloud.secrets import MAX_SIZE, SecretVersion
from schemas.tokens import Token, TokenDocument
from testing.fakes.examples import NOON


class MemorySecret:
    """Secret with the limits and the numbers of Secret Manager.

    ``interruptions`` are calls of other writers before the next version is added. ``faults`` are
    errors of the next readings of a version by its number.
    """

    def __init__(self, *versions: bytes) -> None:
        self.versions = list(versions)
        self.interruptions: list[Callable[[], object]] = []
        self.faults: list[CloudError] = []

    def access_latest(self) -> SecretVersion:
        if not self.versions:
            raise NotFound("tokens")
        return self._read(len(self.versions))

    def access_version(self, number: int) -> SecretVersion:
        if self.faults:
            raise self.faults.pop(0)
        return self._read(number)

    def add(self, data: bytes) -> int:
        while self.interruptions:
            self.interruptions.pop(0)()
        assert len(data) <= MAX_SIZE
        self.versions.append(data)
        return len(self.versions)

    def _read(self, number: int) -> SecretVersion:
        return SecretVersion(f"projects/1/secrets/t/versions/{number}", self.versions[number - 1])

    def read_tokens(self) -> Sequence[Token]:
        return TokenDocument.read(self.versions[-1]).tokens

    def list_live_names(self) -> set[str]:
        return {token.name for token in self.read_tokens() if token.is_live(NOON)}
