"""Small honest wheels, built in memory."""

import base64
import hashlib
import io
import zipfile

EPOCH = (1980, 1, 1, 0, 0, 0)


def wheel(
    name: str = "acme",
    version: str = "1.0",
    *,
    metadata: str = "",
    body: bytes = b"VERSION = 1\n",
    program: str = "",
) -> bytes:
    """A pure wheel of one module.

    :param metadata: further lines of METADATA, each with its newline.
    :param program: the name of a program that calls the module's ``main``; empty: none.
    """
    directory = f"{name}-{version}.dist-info"
    members = {
        f"{name}.py": body,
        f"{directory}/METADATA": (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}"
        ).encode(),
        f"{directory}/WHEEL": (
            b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    if program:
        entry = f"[console_scripts]\n{program} = {name}:main\n"
        members[f"{directory}/entry_points.txt"] = entry.encode()
    record = f"{directory}/RECORD"
    rows = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in members.items()]
    members[record] = "\n".join([*rows, f"{record},,", ""]).encode()
    return _zipped(members)


def wheel_filename(name: str = "acme", version: str = "1.0") -> str:
    """The file name of :func:`wheel`."""
    return f"{name}-{version}-py3-none-any.whl"


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path, EPOCH), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
