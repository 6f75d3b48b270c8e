"""Versions of objects as rows of the database."""

import json
from datetime import datetime

from local.stand_ins.storage.contents import ObjectContent
from local.stand_ins.storage.disk.content_files import FileContent
from local.stand_ins.storage.disk.database import VersionRow
from local.stand_ins.storage.disk.small_contents import SmallContent
from local.stand_ins.storage.objects import Attributes, Hashes, Version


def encode_version(version: Version) -> VersionRow:
    """Return the row of a version."""
    content = version.content
    return VersionRow(
        version.bucket,
        version.name,
        version.generation,
        content.name if isinstance(content, FileContent) else None,
        content.size,
        version.hashes.md5,
        version.hashes.crc32c,
        json.dumps(version.attributes.resource()),
        version.created.isoformat(),
        version.updated.isoformat(),
        version.metageneration,
        None if version.deleted is None else version.deleted.isoformat(),
        content.id if isinstance(content, SmallContent) else None,
    )


def decode_version(row: VersionRow, content: ObjectContent) -> Version:
    """Return the version of a row."""
    (
        bucket,
        name,
        generation,
        _,
        _,
        md5,
        crc32c,
        attributes,
        created,
        updated,
        number,
        deleted,
        _,
    ) = row
    return Version(
        bucket=bucket,
        name=name,
        generation=generation,
        content=content,
        hashes=Hashes(md5, crc32c),
        attributes=Attributes.from_resource(json.loads(attributes)),
        created=datetime.fromisoformat(created),
        updated=datetime.fromisoformat(updated),
        metageneration=number,
        deleted=None if deleted is None else datetime.fromisoformat(deleted),
    )
