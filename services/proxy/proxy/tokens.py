"""The tokens: what the secret holds, and who comes with a given one.

The secret holds digests, never tokens. A name may have several live tokens, so that one can be
replaced while the other still works.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import AfterValidator, ValidationError

from proxy.errors import Unreadable
from schemas.names import ProjectName
from schemas.types import Model, Sha256, UtcTime

READ = "read"
EVERYTHING = "*"


def _normalized(glob: str) -> str:
    return re.sub(r"[-_.]+", "-", glob).lower()


class Token(Model):
    """One token: who holds it, and what for."""

    name: str
    """Who holds it; this is what the access log says. Several tokens may bear one name."""
    sha256: Sha256
    """The digest of the token's UTF-8 bytes."""
    scopes: tuple[str, ...] = (READ,)
    """What it is for: ``read``."""
    projects: tuple[Annotated[str, AfterValidator(_normalized)], ...] = (EVERYTHING,)
    """The projects it is for, as globs over normalised names."""
    created: UtcTime
    """When it was made."""
    expires: UtcTime | None = None
    """From when on it is none any more; None: never."""

    def is_live(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires is None or now < self.expires

    def reads_everything(self) -> bool:
        """Whether every project is in its scope."""
        return READ in self.scopes and EVERYTHING in self.projects

    def reads(self, project: ProjectName) -> bool:
        """Whether ``project`` is in its scope."""
        return READ in self.scopes and any(fnmatchcase(project, glob) for glob in self.projects)


class TokenDocument(Model):
    """What the secret holds, as JSON."""

    tokens: tuple[Token, ...]
    """In no particular order. None at all is a way to lock everybody out."""


class TokenSet:
    """The tokens of one version of the secret, found by digest."""

    def __init__(self, document: TokenDocument) -> None:
        self._by_digest: Mapping[str, Token] = {token.sha256: token for token in document.tokens}

    @classmethod
    def read(cls, data: bytes, subject: str) -> Self:
        """Read a version of the secret.

        :param subject: what it is called, for the error.
        :raises Unreadable: if it is not the document above. Its content is not quoted.
        """
        try:
            return cls(TokenDocument.model_validate_json(data))
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False, include_context=False)
            places = (f"{'.'.join(map(str, p['loc']))}: {p['type']}" for p in problems[:3])
            raise Unreadable(subject, "; ".join(places)) from None

    def find(self, secret: str, now: datetime) -> Token | None:
        """Return the live token whose digest is that of ``secret``; None if there is none."""
        digest = hashlib.sha256(secret.encode()).hexdigest()
        token = self._by_digest.get(digest)
        if token is None or not hmac.compare_digest(token.sha256, digest):
            return None
        return token if token.is_live(now) else None
