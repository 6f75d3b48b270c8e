"""The legacy upload, for peers that take files in no other way."""

import http.client
from hashlib import sha256

from benchmarks.harness.server import HOST, Absent

_BOUNDARY = "gcpypi-benchmark-boundary"


def upload(port: int, path: str, authorization: str, filename: str, wheel: bytes) -> None:
    """Upload a wheel, as twine does.

    :raises Absent: if it is not taken.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=120)
    headers = {
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        "Authorization": authorization,
    }
    connection.request("POST", path, _form(filename, wheel), headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status not in (200, 201):
        raise Absent(f"it answers an upload with {answer.status}: {said[:100]!r}")


def _form(filename: str, wheel: bytes) -> bytes:
    """The upload of a wheel, as the public index documents it."""
    name, version, _ = filename.split("-", 2)
    fields = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.1",
        "name": name.replace("_", "-"),
        "version": version,
        "filetype": "bdist_wheel",
        "pyversion": "py3",
        "sha256_digest": sha256(wheel).hexdigest(),
    }
    disposition = "Content-Disposition: form-data; name"
    parts = [f'--{_BOUNDARY}\r\n{disposition}="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    parts.append(f'--{_BOUNDARY}\r\n{disposition}="content"; filename="{filename}"\r\n')
    head = "".join(parts) + "Content-Type: application/octet-stream\r\n\r\n"
    return head.encode() + wheel + f"\r\n--{_BOUNDARY}--\r\n".encode()
