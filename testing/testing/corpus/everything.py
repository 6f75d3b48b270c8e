"""All cases of the corpus, in the order of the reason codes."""

from testing.corpus import (
    bad_dist_info,
    bad_names,
    installed_files,
    sdists,
    zip_members,
    zip_structure,
)
from testing.corpus.case import Oddity, Refusal
from testing.corpus.oddities import WHEEL_ODDITIES
from testing.corpus.old_sdists import LEGACY_ODDITIES, LEGACY_REFUSALS

WHEEL_REFUSALS: list[Refusal] = [
    *zip_structure.NOT_A_ZIP,
    *zip_structure.ZIP_STRUCTURE,
    *zip_members.ZIP_ENCRYPTED,
    *zip_members.ZIP_METHOD,
    *zip_members.ZIP_PATH,
    *zip_members.ZIP_BOMB,
    *zip_members.ZIP_CORRUPT,
    *bad_dist_info.DIST_INFOS,
    *bad_dist_info.BAD_WHEEL,
    *bad_dist_info.BAD_METADATA,
    *bad_dist_info.DIRECT_URL,
    *bad_dist_info.BAD_RECORD,
    *bad_dist_info.BAD_ENTRY_POINTS,
    *installed_files.INSTALLED_DIST_INFO,
    *installed_files.INSTALLED_PATH,
    *installed_files.INSTALLED_ZIP_PATH,
    *installed_files.EDITABLE,
    *installed_files.STARTUP_CODE,
    *installed_files.SCRIPT_NAME,
    *bad_dist_info.STRICT,
]

SDIST_REFUSALS: list[Refusal] = [
    *sdists.SDIST_GZIP,
    *sdists.SDIST_STRUCTURE,
    *sdists.SDIST_MEMBER,
    *sdists.SDIST_PATH,
    *sdists.SDIST_BOMB,
    *sdists.SDIST_METADATA,
    *LEGACY_REFUSALS,
]

NAME_REFUSALS: list[Refusal] = [
    *bad_names.BAD_FILENAME,
    *bad_names.SDIST_FILENAME,
    *bad_names.RESERVED_NAME,
    *bad_names.BAD_TAG,
]

REFUSALS = [*NAME_REFUSALS, *WHEEL_REFUSALS, *SDIST_REFUSALS]
ODDITIES: list[Oddity] = [
    *WHEEL_ODDITIES,
    *installed_files.INSTALLED_ODDITIES,
    *sdists.SDIST_ODDITIES,
    *LEGACY_ODDITIES,
]
