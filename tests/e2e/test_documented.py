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
from e2e.conftest import Runtime, running
from testing.fakes.wheels import wheel, wheel_filename

needs_programs = pytest.mark.skipif(
    not all(map(shutil.which, ("gcloud", "java", "git", "curl"))),
    reason="the pages' commands need gcloud, Java for Google's emulator, git and curl",
)
pytestmark = needs_programs


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """A local index in a copy of the repository, with the packages that pages speak of."""
    folder = checkout.copied(tmp_path_factory.mktemp("documented") / "gcpypi")
    with running(folder / ".local") as started:
        publish(started, "acme_widgets", "1.3")
        publish(started, "acme", "1.0")
        yield started


@pytest.fixture(scope="module")
def reader(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(runtime.directory.parent, tmp_path_factory.mktemp("home"), runtime.index_url)


def publish(runtime: Runtime, project: str, version: str) -> None:
    filename = wheel_filename(project, version)
    runtime.drop(filename, wheel(project, version), publisher="acme")
    runtime.wait_for(project.replace("_", "-"), filename)


def nothing(runtime: Runtime) -> None:
    """Prepare nothing: the page stands by itself."""


def damage(runtime: Runtime) -> None:
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


def build(runtime: Runtime) -> None:
    """Publish what Cloud Build would; another version, as the README withdraws its own."""
    publish(runtime, "gcpypi_schemas", "0.1.1")


def other(runtime: Runtime) -> None:
    """Publish a version that the page on security did not remove."""
    publish(runtime, "acme_widgets", "1.4")


PAGES: dict[str, Callable[[Runtime], None]] = {
    "README.md": nothing,
    "deploy/tutorial.md": build,
    "docs/configuration.md": nothing,
    "docs/install.md": nothing,
    "docs/operate.md": damage,
    "docs/security.md": nothing,
    "docs/tokens.md": nothing,
    "examples/README.md": other,
}
"""The pages with commands that run here, and what is prepared for each."""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_does_what_it_says(name: str, runtime: Runtime, reader: Reader) -> None:
    PAGES[name](runtime)
    reader.follow(name, Check.RUN)


def test_no_page_with_commands_that_run_is_left_out() -> None:
    assert {name for name in pages.names() if pages.executed(name, Check.RUN)} == set(PAGES)


def test_make_local_down_stops_what_the_pages_used(runtime: Runtime, reader: Reader) -> None:
    assert "It is down." in reader.types("make local-down")
    assert "Nothing runs." in reader.types("make local-down")
