"""Commands of README and docs, executed in their order on a local index.

``documented/rules.py`` lists these commands, and the checks of all others.
"""

import base64
import io
import json
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from documented import checkout, doc_pages
from documented.page_reader import PageReader
from documented.rules import Check
from e2e.conftest import LocalIndex, run_local_index, wait_until
from testing.fakes.small_wheels import build_wheel, wheel_filename

needs_programs = pytest.mark.skipif(
    not all(map(shutil.which, ("gcloud", "java", "git", "curl"))),
    reason="the pages' commands need gcloud, Java for Google's emulator, git and curl",
)
pytestmark = needs_programs


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    """Local index in a copy of the repository, with the packages of the pages."""
    folder = checkout.copy_checkout(tmp_path_factory.mktemp("documented") / "gcpypi")
    with run_local_index(folder / ".local") as started:
        publish(started, "acme_widgets", "1.3")
        publish(started, "acme", "1.0")
        yield started


@pytest.fixture(scope="module")
def reader(runtime: LocalIndex, tmp_path_factory: pytest.TempPathFactory) -> PageReader:
    return PageReader(runtime.directory.parent, tmp_path_factory.mktemp("home"), runtime.index_url)


def publish(runtime: LocalIndex, project: str, version: str) -> None:
    filename = wheel_filename(project, version)
    runtime.upload_file(filename, build_wheel(project, version), uploader="acme")
    runtime.wait_for(project.replace("_", "-"), filename)


def prepare_nothing(runtime: LocalIndex) -> None:
    """Prepare nothing, because the page needs nothing."""


def write_distributions(runtime: LocalIndex) -> None:
    """Write the wheel and the sdist of the page into ``dist/`` of the reader's folder."""
    folder = runtime.directory.parent / "dist"
    folder.mkdir(exist_ok=True)
    (folder / wheel_filename("acme_widgets", "1.4")).write_bytes(build_wheel("acme_widgets", "1.4"))
    files = {
        "PKG-INFO": b"Metadata-Version: 2.2\nName: acme-widgets\nVersion: 1.4\n",
        "pyproject.toml": b"[build-system]\nrequires = []\n",
    }
    with tarfile.open(folder / "acme_widgets-1.4.tar.gz", "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"acme_widgets-1.4/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def damage(runtime: LocalIndex) -> None:
    """Delete a page and promote a file by hand, for the output of verify on the page."""
    storage = runtime.environment["STORAGE_EMULATOR_HOST"]
    static, packages = (runtime.environment[f"{kind}_BUCKET"] for kind in ("STATIC", "PACKAGES"))
    page = f"{storage}/storage/v1/b/{static}/o/{quote('pypi/acme/json', '')}"
    orphan = wheel_filename("acme", "9.0")
    upload = f"{storage}/upload/storage/v1/b/{packages}/o?uploadType=media&name={orphan}"
    for request in (
        Request(page, method="DELETE"),  # noqa: S310 - loopback
        Request(upload, build_wheel("acme", "9.0"), {"Content-Type": "application/octet-stream"}),  # noqa: S310
    ):
        urlopen(request).close()  # noqa: S310 - loopback


def run_gcpypi(runtime: LocalIndex, *words: str) -> None:
    """Run the command with the settings of ``.local/env``."""
    runtime.run(sys.executable, "-W", "error", "-m", "gcpypi", *words)


LETTERS = {
    "ingest-file-uploaded": {"bucket": "gcpypi-local-incoming", "name": "acme/1/gone-1.0.zip"},
    "indexer-project-command": {"action": "yank", "project": "acme", "version": "1.0"},
    "publisher-project": {"project": "acme", "record_revision": "1"},
    "publisher-catalog": {"project": "acme", "record_revision": "1"},
}
"""A dead letter of each subscription, except ``indexer-file-accepted``, which needs a record."""


RELEASE = ("acme-release", "--publish", "--uploader", "acme", "--project", "acme-*")
RELEASE_CLAIMS = ("--github", "123456789", "--claim", "environment=release")
"""Options of the publishing identity on the pages."""


def prepare_repair(runtime: LocalIndex) -> None:
    """Damage the index, and publish dead letters as Pub/Sub does after 30 deliveries.

    Create the token and the identity that the page ends.
    """
    damage(runtime)
    run_gcpypi(runtime, "token", "create", *RELEASE)
    run_gcpypi(runtime, "identity", "add", *RELEASE, *RELEASE_CLAIMS)
    host = runtime.environment["PUBSUB_EMULATOR_HOST"]
    project = runtime.environment["CLOUDSDK_CORE_PROJECT"]
    for subscription, message in LETTERS.items():
        url = f"http://{host}/v1/projects/{project}/topics/{subscription}-dead-letter:publish"
        data = base64.b64encode(json.dumps(message, indent=2).encode()).decode()
        body = json.dumps({"messages": [{"data": data}]}).encode()
        urlopen(Request(url, body, {"Content-Type": "application/json"})).close()


def publish_cloud_build(runtime: LocalIndex) -> None:
    """Publish the package of Cloud Build."""
    publish(runtime, "demo_schemas", "0.2.0")


def prepare_attack(runtime: LocalIndex) -> None:
    """Add the identities that the security page removes, and an upload through the service."""
    wheel = build_wheel("acme_widgets", "1.5")
    runtime.upload_file(wheel_filename("acme_widgets", "1.5"), wheel, uploader="upload/acme")
    runtime.wait_for("acme-widgets", wheel_filename("acme_widgets", "1.5"))
    run_gcpypi(runtime, "identity", "add", *RELEASE, *RELEASE_CLAIMS)
    run_gcpypi(runtime, "identity", "add", "ci-readers", "--github", "123456789")


def publish_other_version(runtime: LocalIndex) -> None:
    """Publish a version that the security page does not remove."""
    publish(runtime, "acme_widgets", "1.4")


def publish_migrated_release(runtime: LocalIndex) -> None:
    """Publish a release that a migration copies back."""
    publish(runtime, "acme_tools", "2.1")


def publish_for_identities(runtime: LocalIndex) -> None:
    """Publish the package that the page about identities installs."""
    publish(runtime, "acme_tool", "1.0")


PAGES: dict[str, Callable[[LocalIndex], None]] = {
    "README.md": prepare_nothing,
    "deploy/tutorial.md": publish_cloud_build,
    "docs/commands.md": prepare_nothing,
    "docs/configuration.md": prepare_nothing,
    "docs/identities.md": publish_for_identities,
    "docs/install.md": prepare_nothing,
    "docs/migrate.md": publish_migrated_release,
    "docs/operate.md": prepare_repair,
    "docs/publish.md": write_distributions,
    "docs/search.md": prepare_nothing,
    "docs/security.md": prepare_attack,
    "docs/tokens.md": prepare_nothing,
    "docs/trusted-publishing.md": prepare_nothing,
    "docs/upgrade.md": prepare_nothing,
    "examples/README.md": publish_other_version,
}
"""Pages with commands that run here, and the preparation of each."""


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_of_a_page_print_its_output(
    name: str, runtime: LocalIndex, reader: PageReader
) -> None:
    PAGES[name](runtime)
    reader.follow(name, Check.RUN)


def test_the_replayed_command_of_the_operations_page_is_executed(runtime: LocalIndex) -> None:
    wait_until(lambda: '"yanked": true' in json.dumps(runtime.fetch_page("acme")))


def test_no_page_with_commands_that_run_is_left_out() -> None:
    assert {name for name in doc_pages.list_pages() if doc_pages.select_steps(name, Check.RUN)} == {
        *PAGES,
        doc_pages.RECIPES,
    }


def test_make_local_down_stops_the_runtime_of_the_pages(
    runtime: LocalIndex, reader: PageReader
) -> None:
    assert "It is down." in reader.run_command("make local-down")
    assert "Nothing runs." in reader.run_command("make local-down")
