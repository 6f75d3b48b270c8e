"""Upload by the legacy API, for peers without another way to take files."""

import http.client
from hashlib import sha256

from benchmarks.harness.server_process import HOST, NotMeasurable

_BOUNDARY = "gcpypi-benchmark-boundary"


def upload(port: int, path: str, authorization: str, filename: str, wheel: bytes) -> None:
    """Upload a wheel, as twine does.

    :raises NotMeasurable: if the peer refuses it.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=120)
    headers = {
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        "Authorization": authorization,
    }
    connection.request("POST", path, _encode_form(filename, wheel), headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status not in (200, 201):
        raise NotMeasurable(f"it answers an upload with {response.status}: {body[:100]!r}")


def _encode_form(filename: str, wheel: bytes) -> bytes:
    """Encode the form of an upload, as the public index documents it."""
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
