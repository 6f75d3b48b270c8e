"""README and docs do what they say: their commands are typed in their order, on a local index.

Which commands that are, and how the others are checked, is in ``documented/rules.py``.
"""

import shutil
from collections.abc import Callable, Iterator
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from documented import checkout, pages
from documented.reader import Reader
from documented.rules import Check
from e2e.conftest import LocalIndex, run_local_index
from testing.fakes.wheels import wheel, wheel_filename

needs_programs = pytest.mark.skipif(
    not all(map(shutil.which, ("gcloud", "java", "git", "curl"))),
    reason="the pages' commands need gcloud, Java for Google's emulator, git and curl",
)
pytestmark = needs_programs


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    """A local index in a copy of the repository, with the packages that pages speak of."""
    folder = checkout.copied(tmp_path_factory.mktemp("documented") / "gcpypi")
    with run_local_index(folder / ".local") as started:
        publish(started, "acme_widgets", "1.3")
        publish(started, "acme", "1.0")
        yield started


@pytest.fixture(scope="module")
def reader(runtime: LocalIndex, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(runtime.directory.parent, tmp_path_factory.mktemp("home"), runtime.index_url)


def publish(runtime: LocalIndex, project: str, version: str) -> None:
    filename = wheel_filename(project, version)
    runtime.upload_file(filename, wheel(project, version), uploader="acme")
    runtime.wait_for(project.replace("_", "-"), filename)


def prepare_nothing(runtime: LocalIndex) -> None:
    """Prepare nothing: the page stands by itself."""


def damage(runtime: LocalIndex) -> None:
    """Take a page away and promote a file by hand, which is what verify shows on its page."""
    storage = runtime.environment["STORAGE_EMULATOR_HOST"]
    static, packages = (runtime.environment[f"{kind}_BUCKET"] for kind in ("STATIC", "PACKAGES"))
    page = f"{storage}/storage/v1/b/{static}/o/{quote('pypi/acme/json', '')}"
    orphan = wheel_filename("acme", "9.0")
    upload = f"{storage}/upload/storage/v1/b/{packages}/o?uploadType=media&name={orphan}"
    for request in (
        Request(page, method="DELETE"),  # noqa: S310 - loopback
        Request(upload, wheel("acme", "9.0"), {"Content-Type": "application/octet-stream"}),  # noqa: S310
    ):
        urlopen(request).close()  # noqa: S310 - loopback


def publish_cloud_build(runtime: LocalIndex) -> None:
    """Publish what Cloud Build would; another version, as the README withdraws its own."""
    publish(runtime, "gcpypi_schemas", "0.1.1")


def publish_other_version(runtime: LocalIndex) -> None:
    """Publish a version that the page on security did not remove."""
    publish(runtime, "acme_widgets", "1.4")


PAGES: dict[str, Callable[[LocalIndex], None]] = {
    "README.md": prepare_nothing,
    "deploy/tutorial.md": publish_cloud_build,
    "docs/configuration.md": prepare_nothing,
    "docs/install.md": prepare_nothing,
    "docs/operate.md": damage,
    "docs/security.md": prepare_nothing,
    "docs/tokens.md": prepare_nothing,
    "examples/README.md": publish_other_version,
}
"""The pages with commands that run here, and what is prepared for each."""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_does_what_it_says(name: str, runtime: LocalIndex, reader: Reader) -> None:
    PAGES[name](runtime)
    reader.follow(name, Check.RUN)


def test_no_page_with_commands_that_run_is_left_out() -> None:
    assert {name for name in pages.names() if pages.executed(name, Check.RUN)} == set(PAGES)


def test_make_local_down_stops_what_the_pages_used(runtime: LocalIndex, reader: Reader) -> None:
    assert "It is down." in reader.types("make local-down")
    assert "Nothing runs." in reader.types("make local-down")
