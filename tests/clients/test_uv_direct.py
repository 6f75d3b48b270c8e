"""``uv publish --direct`` against the local runtime: ``make test-clients``.

uv had the option from 0.9.24 to 0.12.6; 0.12.7 removed it.
"""

import hashlib
import io
import json
import subprocess
import zipfile
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from clients.installers import Installer
from e2e.conftest import LocalIndex
from testing.fakes.small_wheels import build_wheel, wheel_filename

pytestmark = pytest.mark.clients

UV = Installer("uv", "uv==0.12.6")
GUARD = 300.0
"""Seconds until a command counts as hanging."""
BOUNDARY = "b0undary"


@pytest.fixture(scope="session")
def index(built_in: LocalIndex) -> LocalIndex:
    """The runtime, without the samples of the other tests."""
    return built_in


def write_wheel(folder: Path, name: str, data: bytes | None = None) -> Path:
    path = folder / wheel_filename(name)
    path.write_bytes(build_wheel(name) if data is None else data)
    return path


def publish(
    index: LocalIndex, file: Path, url: str = "", **changes: str
) -> subprocess.CompletedProcess[str]:
    environment = {
        **{k: v for k, v in index.environment.items() if not k.startswith(("UV_", "PIP_"))},
        "UV_PUBLISH_URL": url or index.environment["GCPYPI_UPLOAD_URL"],
        "UV_PUBLISH_TOKEN": index.environment["GCPYPI_UPLOAD_TOKEN"],
        "UV_PREVIEW_FEATURES": "direct-publish",
        **changes,
    }
    uv = UV.find_python().with_name("uv")
    command = [str(uv), "--no-config", "publish", "--direct", str(file)]
    return subprocess.run(
        command, env=environment, cwd=file.parent, capture_output=True, text=True, timeout=GUARD
    )


def send(method: str, url: str, data: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Send a request; return status and body."""
    try:
        with urlopen(Request(url, data, headers, method=method), timeout=GUARD) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def reserve(index: LocalIndex, file: Path) -> tuple[int, Mapping[str, object]]:
    """Send the reservation of a file, as uv does."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    form = {":action": "file_upload", "sha256_digest": digest, "filename": file.name}
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form.items()
    ]
    login = b64encode(f"__token__:{index.environment['GCPYPI_UPLOAD_TOKEN']}".encode()).decode()
    headers = {
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "authorization": f"Basic {login}",
    }
    url = index.environment["GCPYPI_UPLOAD_URL"] + "reserve"
    status, body = send("POST", url, "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode(), headers)
    return status, json.loads(body)


@pytest.mark.parametrize("ending", ["/", ""])
def test_a_wheel_is_installable_when_uv_ends(
    index: LocalIndex, tmp_path: Path, ending: str
) -> None:
    name = "direct_slash" if ending else "direct_bare"
    wheel = write_wheel(tmp_path, name)
    url = index.environment["GCPYPI_UPLOAD_URL"].rstrip("/") + ending

    done = publish(index, wheel, url)

    assert done.returncode == 0, done.stderr
    assert index.list_filenames(name.replace("_", "-")) == {wheel.name}
    program, target = UV.find_python().with_name("uv"), tmp_path / "installed"
    index.run(
        program, "pip", "install", "--default-index", index.index_url, "--target", target, name
    )
    assert (target / f"{name}.py").exists()


def test_the_same_file_again_is_skipped_and_other_bytes_are_refused(
    index: LocalIndex, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path, "direct_again")
    assert publish(index, wheel).returncode == 0

    again = publish(index, wheel)
    assert (again.returncode, "already exists" in again.stderr) == (0, True), again.stderr

    write_wheel(tmp_path, "direct_again", build_wheel("direct_again", body=b"VERSION = 2\n"))
    other = publish(index, wheel)
    assert (other.returncode, "exists: direct_again" in other.stderr) == (2, True), other.stderr


def test_a_refused_file_has_the_reason_in_the_output_of_uv(
    index: LocalIndex, tmp_path: Path
) -> None:
    data = io.BytesIO(build_wheel("direct_bad"))
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr("direct_bad_extra.py", "")
    wheel = write_wheel(tmp_path, "direct_bad", data.getvalue())

    done = publish(index, wheel)

    assert (done.returncode, "bad-record: " in done.stderr) == (2, True), done.stderr
    assert index.list_filenames("direct-bad") == set()


def test_a_wrong_token_publishes_nothing(index: LocalIndex, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "direct_token")
    done = publish(index, wheel, UV_PUBLISH_TOKEN="gcpypi_wrong")
    assert (done.returncode, "unauthorized: " in done.stderr) == (2, True), done.stderr


def test_a_put_that_arrived_before_the_connection_broke_is_not_repeated(
    index: LocalIndex, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path, "direct_broken")
    status, reserved = reserve(index, wheel)
    assert status == 201
    url, headers = reserved["upload_url"], reserved["upload_headers"]
    assert isinstance(url, str)
    assert isinstance(headers, dict)
    headers = {**headers, "content-type": "application/octet-stream"}
    assert send("PUT", url, wheel.read_bytes(), headers)[0] == 200
    repeated = send("PUT", url, wheel.read_bytes(), headers)
    assert (repeated[0], b"PreconditionFailed" in repeated[1]) == (412, True)

    done = publish(index, wheel)

    assert done.returncode == 0, done.stderr
    assert index.list_filenames("direct-broken") == {wheel.name}


def test_other_bytes_than_reserved_are_refused_and_do_not_take_the_name(
    index: LocalIndex, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path, "direct_other")
    _, reserved = reserve(index, wheel)
    url, headers = reserved["upload_url"], reserved["upload_headers"]
    assert isinstance(url, str)
    assert isinstance(headers, dict)
    other = build_wheel("direct_other", body=b"VERSION = 2\n")
    headers = {**headers, "content-type": "application/octet-stream"}
    assert send("PUT", url, other, headers)[0] == 200
    name = urlsplit(url).path.removeprefix(f"/{index.incoming}/")
    assert index.wait_for_verdict(name)["reason"] == "digest-mismatch"

    done = publish(index, wheel)

    assert done.returncode == 0, done.stderr
    assert index.list_filenames("direct-other") == {wheel.name}
