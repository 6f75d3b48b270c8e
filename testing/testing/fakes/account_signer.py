"""Signer of a service account in memory, with the key of the stand-in of IAM."""

import json
from collections.abc import Mapping
from functools import cache

from cloud.errors import CloudError
from cloud.rest.jwt_signing import LOCAL_ACCOUNT
from local.stand_ins.iam_credentials import SigningKey


@cache
def find_key(name: str) -> SigningKey:
    """Return the key with a name. It takes a second to make one, so tests share it."""
    return SigningKey()


class MemorySigner:
    """Signer with one key, and the keys that are published."""

    def __init__(self, account: str = LOCAL_ACCOUNT) -> None:
        self.account = account
        self.key = find_key(account)
        self.published = [self.key]
        self.published_data: bytes | None = None
        """Published data in place of the keys."""
        self.fault: CloudError | None = None
        self.reads = 0

    def sign(self, claims: Mapping[str, object]) -> str:
        if self.fault:
            raise self.fault
        return self.key.sign_jwt(json.dumps(claims))

    def read_keys(self) -> bytes:
        self.reads += 1
        if self.fault:
            raise self.fault
        if self.published_data is not None:
            return self.published_data
        return json.dumps({"keys": [key.describe() for key in self.published]}).encode()
