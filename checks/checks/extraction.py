"""Reading of METADATA or PKG-INFO from a file that passed the checks before.

The rules for new files can become stricter, by a setting or by a new release. They do not decide
about accepted files.
"""

from collections.abc import Iterable

from checks.archive.budget import Budget
from checks.archive.source import HashedStream, Source
from checks.filenames import parse_name
from checks.metadata.dist_info import DistInfo
from checks.policy import Policy
from checks.refusal import Reason
from checks.sdist import read_pkg_info
from checks.zip.zip_reader import read_zip

_UNLIMITED = Policy(max_file_size=2**63, max_members=2**31, max_unpacked_size=2**63)


def extract_metadata(filename: str, chunks: Iterable[bytes], size: int) -> bytes:
    """Read the file once; return the exact METADATA of a wheel, or PKG-INFO of an sdist.

    :raises Refused: if the archive is not readable.
    """
    name = parse_name(filename, _UNLIMITED)
    source = Source(HashedStream(chunks, _UNLIMITED.max_file_size))
    if name.kind == "sdist":
        return read_pkg_info(source, name, Budget(_UNLIMITED, Reason.SDIST_BOMB, size))
    dist_info = DistInfo(name)
    read_zip(source, Budget(_UNLIMITED, Reason.ZIP_BOMB, size), dist_info)
    return bytes(dist_info.take_file("METADATA", Reason.BAD_METADATA))
