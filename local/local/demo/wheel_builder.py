"""Builder of small wheels in memory, for ``make demo`` and tests.

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
    """Pure-Python wheel."""

    name: str
    """Project name in the spelling of file names: ``_`` between words."""
    version: str
    modules: Mapping[str, bytes]
    """Source of each module, by its path in the wheel."""
    metadata: str = ""
    """Additional lines of METADATA, each with its newline."""
    program: str = ""
    """Name of a console script that calls ``main`` of the module ``name``; empty for none."""
    tag: str = "py3-none-any"
    """Tag of the file name and of WHEEL."""

    @property
    def filename(self) -> str:
        """File name of the wheel."""
        return f"{self.name}-{self.version}-{self.tag}.whl"

    def encode(self) -> bytes:
        """Return the bytes of the file, equal for every call."""
        members = {**self.modules, **self._build_dist_info()}
        record = f"{self._dist_info_name}/RECORD"
        lines = [
            *(_format_record_line(path, data) for path, data in members.items()),
            f"{record},,",
        ]
        return _make_zip({**members, record: "\n".join([*lines, ""]).encode()})

    @property
    def _dist_info_name(self) -> str:
        return f"{self.name}-{self.version}.dist-info"

    def _build_dist_info(self) -> dict[str, bytes]:
        name = self.name.replace("_", "-")
        files = {
            "METADATA": (
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {self.version}\n{self.metadata}"
            ),
            "WHEEL": (
                f"Wheel-Version: 1.0\nGenerator: gcpypi\nRoot-Is-Purelib: true\nTag: {self.tag}\n"
            ),
        }
        if self.program:
            files["entry_points.txt"] = f"[console_scripts]\n{self.program} = {self.name}:main\n"
        return {f"{self._dist_info_name}/{file}": text.encode() for file, text in files.items()}


def _format_record_line(path: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}"


def _make_zip(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in members.items():
            # The earliest date of a zip, so that the bytes do not depend on the time.
            archive.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
