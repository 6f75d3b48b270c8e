"""The legacy upload, for a peer that takes files in no other way."""

import http.client
from hashlib import sha256
from pathlib import Path

from read_server import HOST, Absent

_BOUNDARY = "gcpypi-benchmark-boundary"


def upload(port: int, path: str, authorization: str, wheel: Path) -> None:
    """Upload a wheel, as twine does.

    :raises Absent: if it is not taken.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=120)
    headers = {
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        "Authorization": authorization,
    }
    connection.request("POST", path, _form(wheel), headers)
    status = connection.getresponse().status
    connection.close()
    if status not in (200, 201):
        raise Absent(f"it answers an upload with {status}")


def _form(wheel: Path) -> bytes:
    data = wheel.read_bytes()
    name, version, _ = wheel.name.split("-", 2)
    fields = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.1",
        "name": name.replace("_", "-"),
        "version": version,
        "filetype": "bdist_wheel",
        "pyversion": "py3",
        "sha256_digest": sha256(data).hexdigest(),
    }
    disposition = "Content-Disposition: form-data; name"
    parts = [f'--{_BOUNDARY}\r\n{disposition}="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    parts.append(f'--{_BOUNDARY}\r\n{disposition}="content"; filename="{wheel.name}"\r\n')
    head = "".join(parts) + "Content-Type: application/octet-stream\r\n\r\n"
    return head.encode() + data + f"\r\n--{_BOUNDARY}--\r\n".encode()
