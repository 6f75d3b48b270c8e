"""Tests of ``cloud.identity``: one refresh of the access token for concurrent requests."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import google.auth
import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError, RefreshError

from cloud.errors import Unavailable
from cloud.identity import READ_STORAGE, AccessToken, Identity


def utcnow() -> datetime:
    """Return the time as in google-auth: UTC, without a time zone."""
    return datetime.now(UTC).replace(tzinfo=None)


class CountingCredentials(Credentials):
    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.refreshes, self.fails = 0, fails
        self.may_refresh = threading.Event()
        self.may_refresh.set()

    def refresh(self, request: Any) -> None:  # noqa: ANN401 - google-auth's
        assert self.may_refresh.wait(60)
        if self.fails:
            raise RefreshError("no metadata server")  # type: ignore[no-untyped-call]
        self.refreshes += 1
        self.token = f"token-{self.refreshes}"
        self.expiry: Any = utcnow() + timedelta(hours=1)


async def test_concurrent_requests_share_one_token() -> None:
    credentials = CountingCredentials()
    credentials.may_refresh.clear()
    identity = Identity(READ_STORAGE, credentials)
    asking = asyncio.gather(*(identity.get_headers() for _ in range(20)))
    await asyncio.sleep(0.02)
    credentials.may_refresh.set()
    assert await asking == [{"authorization": "Bearer token-1"}] * 20
    assert credentials.refreshes == 1


async def test_a_cancelled_request_does_not_repeat_the_refresh() -> None:
    credentials = CountingCredentials()
    credentials.may_refresh.clear()
    identity = Identity(READ_STORAGE, credentials)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(identity.get_headers(), 0.001)
    credentials.may_refresh.set()
    assert await identity.get_headers() == {"authorization": "Bearer token-1"}
    assert credentials.refreshes == 1


async def test_a_token_that_will_soon_expire_is_replaced() -> None:
    credentials = CountingCredentials()
    identity = Identity(READ_STORAGE, credentials)
    await identity.get_headers()
    credentials.expiry -= timedelta(minutes=57)
    assert await identity.get_headers() == {"authorization": "Bearer token-2"}


async def test_without_a_token_storage_is_unavailable() -> None:
    identity = Identity(READ_STORAGE, CountingCredentials(fails=True))
    with pytest.raises(Unavailable, match="access token: no metadata server"):
        await identity.get_headers()


async def test_the_credentials_of_the_environment_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def default(scopes: object) -> tuple[Credentials, str]:
        asked.append(scopes)
        if len(asked) == 1:
            raise DefaultCredentialsError("none")  # type: ignore[no-untyped-call]
        return CountingCredentials(), "acme-prod"

    monkeypatch.setattr(google.auth, "default", default)
    identity = Identity(READ_STORAGE)
    with pytest.raises(Unavailable):
        await identity.get_headers()
    assert await identity.get_headers() == {"authorization": "Bearer token-1"}
    assert asked == [(READ_STORAGE,)] * 2


def test_threads_get_one_token_and_a_new_one_after_its_end() -> None:
    credentials = CountingCredentials()
    token = AccessToken(READ_STORAGE, credentials)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: token.get_value(), range(20))) == {"token-1"}
    credentials.expiry = utcnow()
    assert token.get_value() == "token-2"


def test_a_token_that_cannot_be_fetched_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="access token: no metadata server"):
        AccessToken(READ_STORAGE, CountingCredentials(fails=True)).get_value()
