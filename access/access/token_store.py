"""Tokens in a secret: create, list and revoke them, also by concurrent writers."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from access.document_store import READ as READ_RETRY
from access.document_store import DocumentStore, Versions
from access.entry_facts import check_globs, check_lifetime, check_name, check_publishing
from access.token_selection import select_by_value, select_tokens
from cloud.retry import Retry
from schemas.holders import EVERYTHING, READ
from schemas.tokens import Token, generate_token, hash_token


class TokenStore:
    """Tokens in one secret. Every method can raise :class:`~cloud.errors.CloudError`.

    :param now: the clock, in UTC.
    """

    def __init__(
        self, secret: Versions, now: Callable[[], datetime], retry: Retry = READ_RETRY
    ) -> None:
        self._store, self._now = DocumentStore(secret, now, retry), now

    def list_tokens(self) -> Sequence[Token]:
        """Return all live tokens and those that ended within the last day."""
        return self._store.read().tokens

    def create(
        self,
        name: str,
        *,
        projects: Sequence[str] = (EVERYTHING,),
        scopes: Sequence[str] = (READ,),
        expires_in: timedelta | None = None,
        uploader: str | None = None,
    ) -> str:
        """Create a token and return it. Only its digest is stored.

        Other tokens of the same name stay live, so a token can be replaced before it ends.

        :param uploader: the uploader for which a token with the scope ``publish`` publishes.
        :raises TokenStoreError: if the name or a pattern is invalid, a token for publishing has no
            uploader or lives too long, or the secret is full.
        """
        check_name(name)
        check_globs(projects)
        check_publishing(scopes, uploader)
        check_lifetime(scopes, expires_in)
        token, now = generate_token(), self._now().replace(microsecond=0)
        entry = Token(
            name=name,
            sha256=hash_token(token),
            scopes=tuple(scopes),
            projects=tuple(projects),
            created=now,
            expires=None if expires_in is None else now + expires_in,
            **({"uploader": uploader} if uploader else {}),
        )
        self._store.add(lambda document: document.with_token(entry))
        return token

    def revoke(self, selector: str) -> Sequence[Token]:
        """Revoke the live tokens of a name, of a digest or of a token, and return them.

        :raises TokenStoreError: if no live token matches, or if a digest matches several.
        """
        return self._revoke(select_tokens(self.list_tokens(), selector, self._now()))

    def revoke_value(self, value: str) -> Sequence[Token]:
        """Revoke a token by its value, of any form, and return it.

        :raises TokenStoreError: if the token is not live. The message does not contain ``value``.
        """
        return self._revoke(select_by_value(self.list_tokens(), value, self._now()))

    def _revoke(self, tokens: Sequence[Token]) -> Sequence[Token]:
        digests = [token.sha256 for token in tokens]
        self._store.revoke(lambda document: document.revoke(digests, self._now()))
        return tokens
