"""Builds a small wheel in memory, by hand: what ``make demo`` publishes, and what tests do.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wheel:
    """One pure-Python wheel."""

    name: str
    """The project's name, in the form a file name takes: ``_`` between words."""
    version: str
    modules: Mapping[str, bytes]
    """The source of each module, by its path in the wheel."""
    metadata: str = ""
    """Further lines of METADATA, each with its newline."""
    program: str = ""
    """The name of a program that calls ``main`` of the module ``name``; empty: none."""

    @property
    def filename(self) -> str:
        """The file name, with the tags of pure Python."""
        return f"{self.name}-{self.version}-py3-none-any.whl"

    def encode(self) -> bytes:
        """The file's bytes, the same at every call."""
        members = {**self.modules, **self._dist_info()}
        record = f"{self._dist_info_name}/RECORD"
        lines = [*(_record_line(path, data) for path, data in members.items()), f"{record},,"]
        return _zip({**members, record: "\n".join([*lines, ""]).encode()})

    @property
    def _dist_info_name(self) -> str:
        return f"{self.name}-{self.version}.dist-info"

    def _dist_info(self) -> dict[str, bytes]:
        name = self.name.replace("_", "-")
        files = {
            "METADATA": (
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {self.version}\n{self.metadata}"
            ),
            "WHEEL": (
                "Wheel-Version: 1.0\nGenerator: gcpypi\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            ),
        }
        if self.program:
            files["entry_points.txt"] = f"[console_scripts]\n{self.program} = {self.name}:main\n"
        return {f"{self._dist_info_name}/{file}": text.encode() for file, text in files.items()}


def _record_line(path: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}"


def _zip(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in members.items():
            # A fixed date (the earliest a zip can hold), so that the bytes depend on nothing else.
            archive.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
