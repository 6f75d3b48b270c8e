"""Hostile bodies: never a 5xx, never an object outside the prefix of the uploader.

``HOSTILE_FORMS=100000`` generates as many forms.
"""

import os
import random
from collections.abc import Callable, Iterator

from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.memory_upload import BOUNDARY, MemoryUpload, UploadResponse, build_fields, encode_login

COUNT = int(os.environ.get("HOSTILE_FORMS", "400"))
FILENAME = wheel_filename()
DATA = build_wheel()
SEED = 20261128

FILENAMES = [
    FILENAME,
    "../../acme-1.0-py3-none-any.whl",
    "..\\acme-1.0-py3-none-any.whl",
    "C:\\x\\acme-1.0-py3-none-any.whl",
    "/etc/passwd",
    "acme-1.0-py3-none-any.whl/../../import/x/acme-1.0-py3-none-any.whl",
    "acme-1.0-py3-none-any.whl\x00.txt",
    "acme-1.0-py3-none-any.whl%00",
    "acme-1.0\n-py3-none-any.whl",
    "acme-1.0.command.json",
    "x.command.json",
    "beta-1.0-py3-none-any.whl",
    "acme-1.0.tar.gz",
    "acme-1.0.tar.gz" * 50,
    "\u0430cme-1.0-py3-none-any.whl",
    "\u00e9.whl",
    "",
    ".",
    "..",
]
NAMES = ["content", "Content", "content ", "name", ":action", "a" * 5000, "", "\x00", "x\r\ny: z"]
Mutation = Callable[[random.Random, bytes], bytes]


def encode_part(disposition: bytes, content: bytes) -> bytes:
    return b"--%b\r\nContent-Disposition: %b\r\n\r\n%b\r\n" % (
        BOUNDARY.encode(),
        disposition,
        content,
    )


def generate_parts(chance: random.Random) -> Iterator[bytes]:
    """Yield the parts of a form in any order and number, mostly with the valid fields."""
    fields = list(build_fields(FILENAME, DATA).items())
    if chance.random() < 0.2:
        chance.shuffle(fields)
    for name, value in fields:
        if chance.random() < 0.99:
            yield encode_part(f'form-data; name="{name}"'.encode(), value.encode())
    for _ in range(chance.choice([0, 0, 0, 0, 0, 1, 3, 70])):
        name = chance.choice([*NAMES, "classifiers"])
        yield encode_part(f'form-data; name="{name}"'.encode(), chance.randbytes(9))
    for _ in range(chance.choice([0, 1, 1, 1, 1, 1, 2])):
        filename = FILENAME if chance.random() < 0.7 else chance.choice(FILENAMES)
        kind = chance.choice([*["form-data"] * 9, "attachment", ""])
        name = "content" if chance.random() < 0.9 else chance.choice(NAMES)
        key = chance.choice([*["filename"] * 9, "filename*", "FILENAME"])
        disposition = f'{kind}; name="{name}"; {key}="{filename}"'.encode("utf-8", "replace")
        yield encode_part(disposition, DATA if chance.random() < 0.8 else nest(chance))


def nest(chance: random.Random) -> bytes:
    """Return a form inside a part, with its own or with the outer boundary."""
    boundary = chance.choice([BOUNDARY, "inner", ""])
    return f"--{boundary}\r\nContent-Type: multipart/mixed\r\n\r\n".encode() + DATA


def cut(chance: random.Random, body: bytes) -> bytes:
    return body[: chance.randrange(len(body) + 1)]


def change_bytes(chance: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randrange(1, 20)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def repeat(chance: random.Random, body: bytes) -> bytes:
    start = chance.randrange(len(body))
    return body[:start] + body[max(0, start - 300) :]


def replace_line_ends(chance: random.Random, body: bytes) -> bytes:
    return body.replace(b"\r\n", chance.choice([b"\n", b"\r", b"\r\r\n"]))


def keep(chance: random.Random, body: bytes) -> bytes:
    return body


MUTATIONS: list[Mutation] = [*[keep] * 8, cut, change_bytes, repeat, replace_line_ends]
CONTENT_TYPES = [
    f"multipart/form-data; boundary={BOUNDARY}",
    f"multipart/form-data; boundary={BOUNDARY}",
    f"multipart/form-data; boundary={BOUNDARY}",
    f'Multipart/Form-Data; BOUNDARY="{BOUNDARY}"; boundary=x',
    "multipart/form-data",
    "multipart/form-data; boundary=",
    f"multipart/form-data; boundary={'x' * 71}",
    "multipart/mixed; boundary=b0undary",
    "application/x-www-form-urlencoded",
    "",
    "\x7f;=",
]


async def send_hostile(service: MemoryUpload, chance: random.Random) -> UploadResponse:
    body = b"".join(generate_parts(chance)) + f"--{BOUNDARY}--\r\n".encode()
    body = chance.choice(MUTATIONS)(chance, body)
    lie = chance.choice([0, 0, 0, 0, 1, -1, -len(body), 10**9])
    headers = {
        **encode_login(),
        "content-type": CONTENT_TYPES[0] if chance.random() < 0.8 else chance.choice(CONTENT_TYPES),
        "content-length": str(max(0, len(body) + lie)),
    }
    size = chance.choice([1 << 20, 4096, 1024, 17])
    chunks = (body[start : start + size] for start in range(0, len(body), size))
    return await service.send("POST", "/legacy/", headers, chunks)


async def test_hostile_forms_are_answered_and_leave_nothing_outside_the_prefix() -> None:
    service, chance = MemoryUpload(listing_timeout=0), random.Random(SEED)  # noqa: S311
    statuses: dict[int, int] = {}
    for number in range(COUNT):
        response = await send_hostile(service, chance)
        statuses[response.status] = statuses.get(response.status, 0) + 1
        assert response.status < 500, (number, response)
        uploads = service.list_uploads()
        assert service.incoming.open_uploads == [], number
        for name in uploads:
            prefix, uploader, _, filename = name.split("/")
            assert (prefix, uploader) == ("upload", "acme"), name
            assert filename.startswith(("acme-", "acme_")), name
            service.incoming.remove(name)
        assert len(uploads) == (response.status == 200), (number, response)
    assert statuses.keys() == {200, 400, 403}, statuses
    assert statuses[200] > COUNT / 20, statuses
