import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from cloud.errors import NotFound
from cloud.secrets import SecretVersion
from fakes.examples import NOON
from fakes.storage import StorageServer
from proxy.errors import Unreadable
from proxy.main import build, secret_reader
from proxy.settings import Settings
from proxy.token_set import TokenSet
from unit.proxy.world import TOKEN, TOKENS

SETTINGS = {
    "PROJECT": "acme-prod",
    "STATIC_BUCKET": "static",
    "PACKAGES_BUCKET": "packages",
    "TOKENS_SECRET": "tokens",
}


@pytest.mark.parametrize("missing", SETTINGS)
def test_a_missing_setting_is_named_and_ends_the_program(missing: str) -> None:
    environment = {name: value for name, value in SETTINGS.items() if name != missing}
    ended = subprocess.run(
        [sys.executable, "-m", "proxy.main"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert missing in ended.stderr


def test_it_imports_neither_renderer_nor_messages() -> None:
    code = "import sys, proxy.main; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    modules = set(loaded.stdout.split())
    assert not modules & {"dumb_pypi", "jinja2", "google.cloud.pubsub", "google.pubsub_v1"}
    assert not any(name.split(".")[0] in {"ingest", "indexer", "publisher"} for name in modules)


def test_it_is_built_without_asking_google_cloud_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    with StorageServer() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        chosen = {name.lower(): value for name, value in SETTINGS.items()}
        build(Settings.model_validate({**chosen, "secret_manager_emulator_host": "127.0.0.1:9"}))
        assert server.storage.counts.requests == {}


def test_the_tokens_are_read_from_the_latest_version() -> None:
    version = SecretVersion("tokens/versions/7", json.dumps({"tokens": TOKENS}).encode())
    tokens = asyncio.run(read(lambda: version))
    assert tokens.find(TOKEN, NOON) is not None


def test_a_secret_that_is_gone_is_no_reason_to_forget_the_last_tokens() -> None:
    def gone() -> SecretVersion:
        raise NotFound("tokens/versions/latest")

    with pytest.raises(Unreadable, match="tokens/versions/latest"):
        asyncio.run(read(gone))


def test_a_version_older_than_the_last_is_no_reason_to_accept_revoked_tokens() -> None:
    def version(number: int, document: object) -> Callable[[], SecretVersion]:
        data = json.dumps(document).encode()
        return lambda: SecretVersion(f"tokens/versions/{number}", data)

    revoked = asyncio.run(read(version(8, {"tokens": []})))
    with pytest.raises(Unreadable, match="tokens/versions/7: version 8 was read before"):
        asyncio.run(read(version(7, {"tokens": TOKENS}), revoked))
    for number in (8, 9):
        again = asyncio.run(read(version(number, {"tokens": TOKENS}), revoked))
        assert again.find(TOKEN, NOON) is not None


async def read(latest: Callable[[], SecretVersion], last: TokenSet | None = None) -> TokenSet:
    return await secret_reader(latest)(last)
