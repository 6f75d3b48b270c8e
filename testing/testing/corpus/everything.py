"""The corpus: every case, in the order of the reason codes."""

from testing.corpus import names, papers, sdists, zip_members, zip_structure
from testing.corpus.case import Oddity, Refusal
from testing.corpus.oddities import WHEEL_ODDITIES

WHEEL_REFUSALS: list[Refusal] = [
    *zip_structure.NOT_A_ZIP,
    *zip_structure.ZIP_STRUCTURE,
    *zip_members.ZIP_ENCRYPTED,
    *zip_members.ZIP_METHOD,
    *zip_members.ZIP_PATH,
    *zip_members.ZIP_BOMB,
    *zip_members.ZIP_CORRUPT,
    *papers.DIST_INFOS,
    *papers.BAD_WHEEL,
    *papers.BAD_METADATA,
    *papers.DIRECT_URL,
    *papers.BAD_RECORD,
    *papers.BAD_ENTRY_POINTS,
    *papers.STRICT,
]

SDIST_REFUSALS: list[Refusal] = [
    *sdists.SDIST_GZIP,
    *sdists.SDIST_STRUCTURE,
    *sdists.SDIST_MEMBER,
    *sdists.SDIST_PATH,
    *sdists.SDIST_BOMB,
    *sdists.SDIST_METADATA,
]

NAME_REFUSALS: list[Refusal] = [
    *names.BAD_FILENAME,
    *names.SDIST_FILENAME,
    *names.RESERVED_NAME,
    *names.BAD_TAG,
]

REFUSALS = [*NAME_REFUSALS, *WHEEL_REFUSALS, *SDIST_REFUSALS]
ODDITIES: list[Oddity] = [*WHEEL_ODDITIES, *sdists.SDIST_ODDITIES]
