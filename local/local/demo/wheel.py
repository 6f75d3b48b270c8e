"""Builds a small wheel in memory, by hand: what ``make demo`` publishes.

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
    """The project's name, in the form a file name takes: lower case, ``_`` between words."""
    version: str
    summary: str
    modules: Mapping[str, str]
    """The source of each module, by its path in the wheel."""

    @property
    def filename(self) -> str:
        """The file name, with the tags of pure Python."""
        return f"{self.name}-{self.version}-py3-none-any.whl"

    def encode(self) -> bytes:
        """The file's bytes, the same at every call."""
        members = {**self.modules, **self._dist_info()}
        record = f"{self._dist_info_name}/RECORD"
        lines = [*(_record_line(path, text) for path, text in members.items()), f"{record},,"]
        return _zip({**members, record: "\n".join([*lines, ""])})

    @property
    def _dist_info_name(self) -> str:
        return f"{self.name}-{self.version}.dist-info"

    def _dist_info(self) -> dict[str, str]:
        metadata = (
            "Metadata-Version: 2.1",
            f"Name: {self.name.replace('_', '-')}",
            f"Version: {self.version}",
            f"Summary: {self.summary}",
            "Requires-Python: >=3.8",
        )
        tags = (
            "Wheel-Version: 1.0",
            "Generator: gcpypi-demo",
            "Root-Is-Purelib: true",
            "Tag: py3-none-any",
        )
        return {
            f"{self._dist_info_name}/METADATA": "\n".join([*metadata, ""]),
            f"{self._dist_info_name}/WHEEL": "\n".join([*tags, ""]),
        }


def _record_line(path: str, text: str) -> str:
    data = text.encode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}"


def _zip(members: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in members.items():
            # A fixed date (the earliest a zip can hold), so that the bytes depend on nothing else.
            archive.writestr(zipfile.ZipInfo(path), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
