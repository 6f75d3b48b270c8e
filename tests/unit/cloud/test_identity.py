"""The access token is fetched when it is needed, once however many ask."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import google.auth
import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError, RefreshError

from cloud.errors import Unavailable
from cloud.identity import READ_STORAGE, Identity


def now() -> datetime:
    """As google-auth has it: UTC, and naive."""
    return datetime.now(UTC).replace(tzinfo=None)


class Counting(Credentials):
    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.refreshes, self.fails = 0, fails
        self.may_refresh = threading.Event()
        self.may_refresh.set()

    def refresh(self, request: Any) -> None:  # noqa: ANN401 - google-auth's
        assert self.may_refresh.wait(10)
        if self.fails:
            raise RefreshError("no metadata server")  # type: ignore[no-untyped-call]
        self.refreshes += 1
        self.token = f"token-{self.refreshes}"
        self.expiry: Any = now() + timedelta(hours=1)


async def test_many_who_ask_share_one_token() -> None:
    credentials = Counting()
    credentials.may_refresh.clear()
    identity = Identity(READ_STORAGE, credentials)
    asking = asyncio.gather(*(identity.fields() for _ in range(20)))
    await asyncio.sleep(0.02)
    credentials.may_refresh.set()
    assert await asking == [{"authorization": "Bearer token-1"}] * 20
    assert credentials.refreshes == 1


async def test_who_waits_no_longer_does_not_have_it_fetched_again() -> None:
    credentials = Counting()
    credentials.may_refresh.clear()
    identity = Identity(READ_STORAGE, credentials)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(identity.fields(), 0.001)
    credentials.may_refresh.set()
    assert await identity.fields() == {"authorization": "Bearer token-1"}
    assert credentials.refreshes == 1


async def test_a_token_that_will_soon_expire_is_replaced() -> None:
    credentials = Counting()
    identity = Identity(READ_STORAGE, credentials)
    await identity.fields()
    credentials.expiry -= timedelta(minutes=57)
    assert await identity.fields() == {"authorization": "Bearer token-2"}


async def test_without_a_token_storage_is_unavailable() -> None:
    identity = Identity(READ_STORAGE, Counting(fails=True))
    with pytest.raises(Unavailable, match="access token: no metadata server"):
        await identity.fields()


async def test_the_credentials_are_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def default(scopes: object) -> tuple[Credentials, str]:
        asked.append(scopes)
        if len(asked) == 1:
            raise DefaultCredentialsError("none")  # type: ignore[no-untyped-call]
        return Counting(), "acme-prod"

    monkeypatch.setattr(google.auth, "default", default)
    identity = Identity(READ_STORAGE)
    with pytest.raises(Unavailable):
        await identity.fields()
    assert await identity.fields() == {"authorization": "Bearer token-1"}
    assert asked == [(READ_STORAGE,)] * 2
