"""Two indexes: a runtime with private projects, and its upstream index with public ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from access.token_store import TokenStore
from clients.use.front import run_front
from clients.use.public_index import PublicIndex, run_public_index
from clients.use.recipes import RecipeRunner
from cloud import secrets
from cloud.secrets import Secret
from e2e.conftest import LocalIndex, make_bare_path, run_local_index, wait_until
from testing.fakes.small_wheels import build_wheel, wheel_filename

TOOL = "Requires-Dist: acme-core\nRequires-Dist: pub-tool\n"
BODY = b"def main():\n    print('acme-tool 1.0')\n"


@dataclass(frozen=True)
class TwoIndexes:
    """This index with ``acme-tool`` and ``acme-core``, and the public index."""

    private: LocalIndex
    public: PublicIndex
    front: str
    """Scheme, host and port in ``INDEX_URL``; another address of this index."""

    @property
    def token(self) -> str:
        return self.private.environment["GCPYPI_TOKEN"]

    def create_token(self, project: str) -> str:
        """Create a token for some projects, and wait until it works."""
        environment = self.private.environment
        client = secrets.connect(environment["SECRET_MANAGER_EMULATOR_HOST"])
        secret = Secret(client, environment["CLOUDSDK_CORE_PROJECT"], "gcpypi-tokens")
        token = TokenStore(secret, lambda: datetime.now(UTC)).create(
            "narrow", projects=(project,), scopes=("read",), expires_in=None
        )
        wait_until(lambda: self.private.get("/simple/acme-tool/", token=token)[0] == 200)
        return token

    @property
    def address(self) -> str:
        """Scheme, host and port of this index, without a token."""
        return "http://" + self.private.index_url.partition("@")[2].partition("/")[0]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoIndexes]:
    directory = tmp_path_factory.mktemp("two")
    with (
        run_public_index() as public,
        run_front() as front,
        run_local_index(
            directory / "runtime",
            make_bare_path(directory / "bin"),
            UPSTREAM_INDEX_URL=public.url,
            PRIVATE_NAMES='["acme-*"]',
            TOKENS_REFRESH="1",
            INDEX_URL=f"{front.address}/simple/",
        ) as private,
    ):
        front.port = urlsplit(private.index_url).port or 0
        tool = build_wheel("acme_tool", metadata=TOOL, body=BODY, program="acme-tool")
        files = {"acme_core": build_wheel("acme_core"), "acme_tool": tool}
        for name, data in files.items():
            private.upload_file(wheel_filename(name), data)
        for name in files:
            project = name.replace("_", "-")
            private.wait_for(project, wheel_filename(name))
            wait_until(partial(_has_json, private, project))
        yield TwoIndexes(private, public, front.address)


def _has_json(index: LocalIndex, project: str) -> bool:
    """Return whether the service web has written the page of the older JSON API."""
    return index.get(f"/pypi/{project}/json")[0] == 200


@pytest.fixture
def indexes(running: TwoIndexes) -> TwoIndexes:
    """Both indexes; the public one has no requests yet."""
    running.public.clear()
    return running


@pytest.fixture
def runner(indexes: TwoIndexes, tmp_path: Path) -> RecipeRunner:
    return RecipeRunner(tmp_path, indexes.private.index_url, indexes.public.url)
