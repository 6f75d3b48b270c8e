"""Two indexes: a runtime with private projects, and its upstream index with public ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from clients.use.public_index import PublicIndex, run_public_index
from clients.use.recipes import Reader
from e2e.conftest import LocalIndex, make_bare_path, run_local_index
from testing.fakes.small_wheels import build_wheel, wheel_filename

TOOL = "Requires-Dist: acme-core\nRequires-Dist: pub-tool\n"
BODY = b"def main():\n    print('acme-tool 1.0')\n"


@dataclass(frozen=True)
class TwoIndexes:
    """This index with ``acme-tool`` and ``acme-core``, and the public index."""

    private: LocalIndex
    public: PublicIndex

    @property
    def token(self) -> str:
        return self.private.environment["GCPYPI_TOKEN"]

    @property
    def address(self) -> str:
        """Scheme, host and port of this index, without a token."""
        return "http://" + self.private.index_url.partition("@")[2].partition("/")[0]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoIndexes]:
    directory = tmp_path_factory.mktemp("two")
    with (
        run_public_index() as public,
        run_local_index(
            directory / "runtime",
            make_bare_path(directory / "bin"),
            UPSTREAM_INDEX_URL=public.url,
            PRIVATE_NAMES='["acme-*"]',
        ) as private,
    ):
        tool = build_wheel("acme_tool", metadata=TOOL, body=BODY, program="acme-tool")
        files = {"acme_core": build_wheel("acme_core"), "acme_tool": tool}
        for name, data in files.items():
            private.upload_file(wheel_filename(name), data)
        for name in files:
            private.wait_for(name.replace("_", "-"), wheel_filename(name))
        yield TwoIndexes(private, public)


@pytest.fixture
def indexes(running: TwoIndexes) -> TwoIndexes:
    """Both indexes; the public one has no requests yet."""
    running.public.clear()
    return running


@pytest.fixture
def reader(indexes: TwoIndexes, tmp_path: Path) -> Reader:
    return Reader(tmp_path, indexes.private.index_url, indexes.public.url)
