"""Sources of an import: indexes of the simple API, directories and buckets."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from gcpypi.connection.http_sessions import name_cause
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.importing.sources.bucket_source import BucketSource
from gcpypi.importing.sources.directory_source import DirectorySource
from gcpypi.importing.sources.simple_source import SimpleIndexSource
from gcpypi.importing.sources.source_credentials import split_credentials
from gcpypi.importing.sources.source_files import SourceFailure, SourceFile, verify_digests
from testing.fakes.examples import NOON
from testing.fakes.memory_ports import MemoryBucket
from unit.cli.importing.source_server import SourceServer, compress, run_source

WHEEL = "acme-1.0-py3-none-any.whl"
TIME = datetime(2020, 3, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with run_source() as source:
        source.files = {WHEEL: b"wheel", "acme-0.9.zip": b"zip", "beta-1.0.tar.gz": b"sdist"}
        yield source


def open_index(url: str) -> SimpleIndexSource:
    return SimpleIndexSource.from_url(url, 2)


def find_file(source: SimpleIndexSource, name: str = WHEEL) -> SourceFile:
    [file] = [each for each in source.read_listing(()).files if each.filename == name]
    return file


def test_the_page_gives_digest_time_yank_and_python(server: SourceServer) -> None:
    facts = {"upload-time": "2020-03-01T08:30:00Z", "yanked": "bad", "requires-python": ">=3.8"}
    server.facts = {WHEEL: dict(facts)}
    digest = hashlib.sha256(b"wheel").hexdigest()

    assert find_file(open_index(server.url)) == SourceFile(
        WHEEL,
        server.url.replace("simple/", f"files/{WHEEL}"),
        "acme",
        {"sha256": digest},
        TIME,
        "bad",
        ">=3.8",
    )


def test_every_file_is_listed_whatever_its_kind(server: SourceServer) -> None:
    listing = open_index(server.url).read_listing(())

    assert [(each.filename, each.project) for each in listing.files] == [
        ("acme-0.9.zip", "acme"),
        (WHEEL, "acme"),
        ("beta-1.0.tar.gz", "beta"),
    ]


def test_globs_select_projects_and_request_no_other_page(server: SourceServer) -> None:
    listing = open_index(server.url).read_listing(["b*"])

    assert [each.filename for each in listing.files] == ["beta-1.0.tar.gz"]
    assert [path for path, _ in server.requests] == ["/simple/", "/simple/beta/"]


def test_a_mistyped_project_has_a_suggestion(server: SourceServer) -> None:
    with pytest.raises(CommandFailure, match=r"no project acmee: did you mean acme\?"):
        open_index(server.url).read_listing(["acmee"])


def test_a_page_of_html_with_md5_only_is_read(server: SourceServer, tmp_path: Path) -> None:
    server.html = True
    source = open_index(server.url)
    file = find_file(source)

    assert (file.sha256, file.upload_time) == (None, None)
    sha256 = verify_digests(file, source.fetch(file, tmp_path))
    assert sha256 == hashlib.sha256(b"wheel").hexdigest()


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_other_bytes_than_stated_are_a_failure(
    algorithm: str, server: SourceServer, tmp_path: Path
) -> None:
    server.facts = {WHEEL: {"hashes": {algorithm: "0" * 32}}}
    source = open_index(server.url)
    file = find_file(source)

    with pytest.raises(SourceFailure, match=f"has {algorithm} "):
        verify_digests(file, source.fetch(file, tmp_path))


def test_the_status_of_a_project_is_reported(server: SourceServer) -> None:
    server.status = {"acme": "archived"}

    assert open_index(server.url).read_listing(()).statuses == {"acme": "archived"}


def test_a_broken_page_does_not_stop_the_listing(server: SourceServer) -> None:
    server.broken = {"/simple/acme/"}

    listing = open_index(server.url).read_listing(())

    assert [each.project for each in listing.files] == ["beta"]
    assert listing.failures.keys() == {"acme"}
    assert "500" in listing.failures["acme"]


def test_a_broken_file_is_a_failure_with_its_url(server: SourceServer, tmp_path: Path) -> None:
    source = open_index(server.url)
    file = find_file(source)
    server.files.clear()

    with pytest.raises(SourceFailure, match=rf"files/{WHEEL}: 404"):
        source.fetch(file, tmp_path)


def test_the_query_of_a_url_is_sent_and_never_shown(server: SourceServer, tmp_path: Path) -> None:
    """It can have a signature or a token."""
    signed = server.url.replace("simple/", f"files/absent/{WHEEL}?sig=secret#sha256=0")
    server.facts = {WHEEL: {"url": signed}}
    source = open_index(server.url)
    file = find_file(source)

    with pytest.raises(SourceFailure) as failure:
        source.fetch(file, tmp_path)

    assert server.requests[-1][0] == f"/files/absent/{WHEEL}?sig=secret"
    assert file.place == server.url.replace("simple/", f"files/absent/{WHEEL}")
    assert str(failure.value) == f"{file.place}: 404 Not Found"


@pytest.mark.parametrize(
    ("locator", "place"),
    [
        ("https://user:secret@files.example/a.whl?token=secret", "https://files.example/a.whl"),
        ("/srv/packages/what?.whl", "/srv/packages/what?.whl"),
        ("raw/a.whl", "raw/a.whl"),
    ],
)
def test_the_place_of_a_file_has_no_secret(locator: str, place: str) -> None:
    assert SourceFile("a.whl", locator, None).place == place


def test_the_cause_of_an_error_has_no_query() -> None:
    with pytest.raises(requests.RequestException) as failure:
        requests.get("ftp://127.0.0.1/a.whl?sig=secret&x=1", timeout=1)

    cause = name_cause(failure.value)
    assert ("secret" in cause, "ftp://127.0.0.1/a.whl?…" in cause) == (False, True)


def test_the_bytes_of_a_file_are_those_of_the_server(server: SourceServer, tmp_path: Path) -> None:
    server.encoding, data = "gzip", compress(b"sdist")
    server.files = {"beta-1.0.tar.gz": data}
    source = open_index(server.url)

    path = source.fetch(find_file(source, "beta-1.0.tar.gz"), tmp_path)

    assert path.read_bytes() == data


def test_the_credentials_of_the_url_are_sent_to_the_index_only(
    server: SourceServer, tmp_path: Path
) -> None:
    with run_source() as other:
        other.files = dict(server.files)
        server.login, server.other = "ada:p@ss", other.url.replace("simple/", "files/")
        source = open_index(server.url.replace("http://", "http://ada:p%40ss@"))
        source.fetch(find_file(source), tmp_path)
        assert other.requests == [(f"/files/{WHEEL}", None)]

    assert None not in {authorization for _, authorization in server.requests}
    assert "p@ss" not in source.address + find_file(source).locator


def test_the_credentials_of_netrc_are_used(
    server: SourceServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.login = "ada:secret"

    assert len(open_index(server.url).read_listing(()).files) == 3


def test_refused_credentials_are_named_without_the_password(server: SourceServer) -> None:
    server.login = "ada:right"

    with pytest.raises(CommandFailure, match=r"refuses the credentials \(401\)") as failure:
        open_index(server.url.replace("http://", "http://ada:wrong@")).read_listing(())

    assert (failure.value.code, "wrong" in str(failure.value)) == (ExitCode.UNAVAILABLE, False)


def test_artifact_registry_gets_the_token_of_google(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = "https://europe-west1-python.pkg.dev/p/r/simple/"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent"))
    source = SimpleIndexSource.from_url(url, 1)

    with pytest.raises(CommandFailure, match="gcloud auth application-default login"):
        source.read_listing(())

    assert split_credentials("https://pkg.dev.example/simple") == (
        "https://pkg.dev.example/simple/",
        None,
    )


def test_the_upload_times_of_devpi_come_from_its_log(server: SourceServer) -> None:
    url = server.url.replace("/simple/", "/ada/dev/+simple/")
    page = {"meta": {"api-version": "1.0"}, "name": "acme", "versions": ["1.0"]}
    files = [server.describe_file(WHEEL, b"wheel")]
    log = [{"what": "upload", "who": "ada", "when": [2020, 3, 1, 8, 30, 0], "dst": "ada/dev"}]
    links = [{"href": f"{url}/+f/1/{WHEEL}", "log": log}, {"href": "x", "log": None}]
    server.documents = {
        "/ada/dev/+simple/": {"meta": {"api-version": "1.0"}, "projects": [{"name": "acme"}]},
        "/ada/dev/+simple/acme/": {**page, "files": files},
        "/ada/dev/acme": {"type": "projectconfig", "result": {"1.0": {"+links": links}, "0": 1}},
    }

    assert find_file(open_index(url)).upload_time == TIME


@pytest.mark.parametrize("source", ["ftp://a/simple/", "https:///simple/"])
def test_another_source_is_wrong_usage(source: str) -> None:
    with pytest.raises(CommandFailure, match="neither a directory nor a URL") as failure:
        open_index(source)

    assert failure.value.code == ExitCode.USAGE


def test_a_directory_has_all_its_files_in_any_depth(tmp_path: Path) -> None:
    for name in (WHEEL, "a/b/beta-1.0.tar.gz", "a/notes.txt", ".cache/x.whl", "a/.DS_Store"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")

    files = DirectorySource(tmp_path).read_listing(()).files

    assert [(each.filename, each.project) for each in files] == [
        (WHEEL, "acme"),
        ("notes.txt", None),
        ("beta-1.0.tar.gz", "beta"),
    ]
    assert DirectorySource(tmp_path).fetch(files[0], tmp_path) == tmp_path / WHEEL


def test_an_absent_directory_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(CommandFailure, match="there is no directory"):
        DirectorySource(tmp_path / "absent").read_listing(())


def test_the_objects_of_a_bucket_have_the_time_of_their_creation(tmp_path: Path) -> None:
    bucket = MemoryBucket("old")
    bucket.now = NOON
    for name in (f"raw/{WHEEL}", "raw/", "index.html"):
        bucket.put(name, b"wheel")
    source = BucketSource(bucket, "raw/")

    [file] = source.read_listing(()).files

    assert file == SourceFile(WHEEL, f"raw/{WHEEL}", "acme", upload_time=NOON)
    assert source.fetch(file, tmp_path).read_bytes() == b"wheel"
    bucket.remove(f"raw/{WHEEL}")
    with pytest.raises(SourceFailure, match="no longer exists"):
        source.fetch(file, tmp_path)
