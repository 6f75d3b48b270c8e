"""Validity of the wheels of ``local.demo.wheel_builder``."""

import csv
import hashlib
import io
import zipfile
from base64 import urlsafe_b64encode
from email import message_from_bytes

from packaging.utils import parse_wheel_filename

from local.demo.wheel_builder import Wheel

WHEEL = Wheel("gcpypi_demo", "0.0.7", {"gcpypi_demo.py": b"print('hello')\n"})


def read_members() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(WHEEL.encode())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_file_name_is_a_wheels() -> None:
    name, version, _, tags = parse_wheel_filename(WHEEL.filename)

    assert (name, str(version)) == ("gcpypi-demo", "0.0.7")
    assert {str(tag) for tag in tags} == {"py3-none-any"}


def test_the_metadata_agrees_with_the_file_name() -> None:
    metadata = message_from_bytes(read_members()["gcpypi_demo-0.0.7.dist-info/METADATA"])

    assert (metadata["Name"], metadata["Version"]) == ("gcpypi-demo", "0.0.7")


def test_the_record_lists_every_member_with_its_digest() -> None:
    files = read_members()
    record = "gcpypi_demo-0.0.7.dist-info/RECORD"

    rows = {path: rest for path, *rest in csv.reader(io.StringIO(files[record].decode()))}

    assert rows.pop(record) == ["", ""]
    assert rows == {
        path: [
            "sha256=" + urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode(),
            str(len(data)),
        ]
        for path, data in files.items()
        if path != record
    }


def test_the_same_wheel_has_the_same_bytes() -> None:
    assert WHEEL.encode() == WHEEL.encode()
