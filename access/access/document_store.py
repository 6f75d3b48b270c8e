"""Document of tokens and identities in a secret, changed by concurrent writers.

Secret Manager has no conditional write, but it numbers the versions. A writer reads a version and
adds the next one. If the number of the new version is higher than expected, other writers were
faster. The writer then merges their documents, changes the result in the same way, and adds it.
Documents can be merged in any order, because writers only add entries or make them expire earlier.

A version has at most 64 KiB. A revoked entry is shorter than a live one, so a revocation always
fits. Creations leave :data:`RESERVE` free, for the joins of concurrent writers.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from access.errors import SecretFull, TokenStoreError
from cloud.errors import NotFound, Unavailable, Unreadable
from cloud.retry import Backoff, Retry
from cloud.secrets import MAX_SIZE, SecretVersion
from schemas.tokens import NewerTokens, TokenDocument, UnreadableTokens

RETENTION = timedelta(days=1)
"""Time an expired entry stays in the document. No writer uses a document for so long."""

RESERVE = 4 * 1024
"""Bytes of a version that a creation leaves free."""

READ = Retry({Unavailable: Backoff(first=0.2, longest=2.0)}, deadline=20.0)
"""Retry of the reading of another writer's version. Without it, the changes are lost."""

Change = Callable[[TokenDocument], TokenDocument]
Encode = Callable[[TokenDocument], bytes]
"""Function that returns a version of the secret.

:raises SecretFull: if the document is too large.
"""


class Versions(Protocol):
    """Versions of a secret. :class:`cloud.secrets.Secret` implements it."""

    def access_latest(self) -> SecretVersion:
        """Return the newest version.

        :raises NotFound: if there is none.
        """
        ...

    def access_version(self, number: int) -> SecretVersion:
        """Return a version by its number."""
        ...

    def add(self, data: bytes) -> int:
        """Add a version and return its number."""
        ...


class DocumentStore:
    """Document in one secret. Every method can raise :class:`~cloud.errors.CloudError`.

    :param now: the clock, in UTC.
    """

    def __init__(self, secret: Versions, now: Callable[[], datetime], retry: Retry = READ) -> None:
        self._secret, self.now, self._retry = secret, now, retry

    def read(self) -> TokenDocument:
        """Return the document with all live entries and those that ended within the last day."""
        return self._read()[1]

    def add(self, change: Change) -> None:
        """Apply a change that adds an entry, and leave the reserve free.

        :raises SecretFull: if the document has no space for the entry.
        """
        self._change(change, partial(self._encode, limit=MAX_SIZE - RESERVE), self._encode)

    def revoke(self, change: Change) -> None:
        """Apply a change that revokes entries."""
        self._change(change, self._encode_shortest, self._encode_shortest)

    def _change(self, change: Change, encode: Encode, encode_join: Encode) -> None:
        """Add a version with the change. Merge the versions that others add at the same time.

        If the joined document has no space for the change, add it without the change.
        """
        number, base = self._read()
        data = encode(change(base))
        full: SecretFull | None = None
        while (added := self._secret.add(data)) != number + 1:
            base, number = base.merge(list(self._read_between(number, added))), added
            try:
                data, full = encode_join(change(base)), None
            except SecretFull as error:
                data, full = self._encode_shortest(base), error
        if full:
            raise full

    def _read(self) -> tuple[int, TokenDocument]:
        try:
            version = self._secret.access_latest()
        except NotFound:  # no version yet. If the secret is missing too, ``add`` fails
            return 0, TokenDocument(tokens=())
        try:
            return version.number, TokenDocument.read(version.data)
        except NewerTokens as error:
            raise TokenStoreError(f"{version.name}: {error}") from error
        except UnreadableTokens as error:
            raise TokenStoreError(
                f"{version.name} is not a token document: {error}. Add the last good version "
                "again: gcloud secrets versions access, then gcloud secrets versions add"
            ) from error

    def _read_between(self, number: int, added: int) -> Iterator[TokenDocument]:
        """Yield the documents that other writers added before the version ``added``.

        Skip invalid, disabled and destroyed versions, which no service accepts. Add a document of a
        newer schema again, because the version ``added`` has replaced it.

        :raises TokenStoreError: if a document is newer, or Secret Manager does not answer.
        """
        for other in range(number + 1, added):
            try:
                version = self._retry(partial(self._secret.access_version, other))
                yield TokenDocument.read(version.data)
            except NewerTokens as error:
                self._secret.add(version.data)
                raise TokenStoreError(
                    f"nothing is changed, because another program added {version.name} at the "
                    f"same time: {error}"
                ) from error
            except (NotFound, Unreadable, UnreadableTokens):
                continue
            except Unavailable as error:
                raise TokenStoreError(
                    f"version {added} lacks the changes of version {other}, which another program "
                    f"added at the same time: {error}. Repeat those changes"
                ) from error

    def _encode_shortest(self, document: TokenDocument) -> bytes:
        """Return a version. If it is too large, omit all ended entries.

        That can only occur if a program or a person wrote shorter entries than this program.
        """
        try:
            return self._encode(document)
        except SecretFull:
            return self._encode(document.drop_expired(self.now()))

    def _encode(self, document: TokenDocument, limit: int = MAX_SIZE) -> bytes:
        """Return a version without the entries that ended more than :data:`RETENTION` ago."""
        document = document.drop_expired(self.now() - RETENTION)
        data = document.encode()
        if len(data) > limit:
            raise SecretFull(
                f"the secret is full: {_describe_entries(document)} need {len(data)} bytes, the "
                f"limit is {limit}; revoke tokens that are not used any more (list shows the last "
                "use) and try again after a day, when revoked tokens leave the secret"
            )
        return data


def _describe_entries(document: TokenDocument) -> str:
    identities = f" and {len(document.identities)} identities" if document.identities else ""
    return f"{len(document.tokens)} tokens{identities}"
