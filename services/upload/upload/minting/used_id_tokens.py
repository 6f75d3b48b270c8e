"""ID tokens that were exchanged: one object per ``jti`` in the verdicts bucket, created once."""

import json
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from cloud.errors import PreconditionFailed, TooManyRequests
from cloud.ports import Bucket, Headers
from schemas import layout
from schemas.headers import JSON, NO_STORE
from schemas.types import format_time

_HEADERS = Headers(JSON, NO_STORE)


@dataclass(frozen=True, slots=True)
class UsedIdTokens:
    """Objects of the exchanged ID tokens. There is no delete, so no ID token becomes unused."""

    verdicts: Bucket

    def claim(self, issuer: str, jti: str, identity: str, now: datetime) -> bool:
        """Return True for the first claim of an ID token, and False for each later one.

        A random number in the object shows whose write was the first one, also if the response to
        the own write was lost. It blocks.

        :param jti: the id of the ID token (RFC 7519, 4.1.7), unique for its issuer.
        :raises CloudError: if Cloud Storage does not answer.
        """
        nonce, name = token_hex(16), layout.locate_used_id_token(issuer, jti)
        facts = {"issuer": issuer, "identity": identity, "time": format_time(now), "nonce": nonce}
        try:
            self.verdicts.write(name, json.dumps(facts).encode(), _HEADERS, if_generation=0)
        except (PreconditionFailed, TooManyRequests):
            stored = self.verdicts.read(name)
            if stored is None:  # 429, and the other write has failed
                raise
            return bool(json.loads(stored.data).get("nonce") == nonce)
        return True
