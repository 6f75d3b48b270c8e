"""OIDC identities: holders of ID tokens, by issuer and claims.

An ID token is a JSON Web Token of an OpenID provider, for example of a CI or of Google Cloud. The
claims of an identity say which ID tokens of an issuer belong to it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from schemas.holders import Holder
from schemas.holders.claim_rules import find_identity_fault, matches_claims

IdentityKey = tuple[str, str, tuple[tuple[str, str], ...], datetime]
"""Key of an entry: name, issuer, sorted claims, creation time."""


class OidcIdentity(Holder):
    """One identity: name, issuer, claims, scope and lifetime. Unknown fields are kept."""

    issuer: Annotated[str, StringConstraints(min_length=1)]
    """Issuer of the ID tokens, the exact value of their claim ``iss``: an ``https`` URL."""
    claims: Mapping[str, str]
    """Required claims. Shell patterns are only for ref, environment, sub, job_workflow_ref."""

    @property
    def key(self) -> IdentityKey:
        """Key of the entry in a document: two versions of one entry have the same key."""
        return self.name, self.issuer, tuple(sorted(self.claims.items())), self.created

    def find_fault(self) -> str | None:
        """Return the reason why the identity is not safe, for example a missing exact claim."""
        return find_identity_fault(self.issuer, self.claims, self.scopes, self.uploader)

    def matches(self, claims: Mapping[str, object]) -> bool:
        """Return whether an ID token with these verified claims belongs to the identity."""
        return claims.get("iss") == self.issuer and matches_claims(self.claims, claims)

    def __hash__(self) -> int:
        return hash(self.key)
