"""Wheel of the round trip, with one empty module."""

import base64
import hashlib
import io
import zipfile

PROJECT = "gcpypi-doctor"
"""Project of all round trips, so that no names pile up. Each has its own version."""
_STEM = PROJECT.replace("-", "_")


def name_wheel(version: str) -> str:
    """Return the file name of the wheel."""
    return f"{_STEM}-{version}-py3-none-any.whl"


def build_wheel(version: str) -> bytes:
    """Return the wheel of a version."""
    info = f"{_STEM}-{version}.dist-info"
    members = {
        f"{_STEM}.py": "",
        f"{info}/METADATA": (
            f"Metadata-Version: 2.1\nName: {PROJECT}\nVersion: {version}\n"
            "Summary: Round trip of gcpypi doctor\n"
        ),
        f"{info}/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: gcpypi doctor\nRoot-Is-Purelib: true\n"
            "Tag: py3-none-any\n"
        ),
    }
    lines = [f"{name},{_hash(text.encode())},{len(text)}\n" for name, text in members.items()]
    members[f"{info}/RECORD"] = "".join([*lines, f"{info}/RECORD,,\n"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def _hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"
