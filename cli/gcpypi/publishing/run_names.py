"""Names of the objects of one run: ``<uploader>/<run id>/<file name>``."""

import re
import secrets
from datetime import datetime

from gcpypi.connection.unique_names import RANDOM_BYTES, make_time_name
from gcpypi.errors import CommandFailure
from gcpypi.settings import LOCAL_AUTHOR, Settings
from schemas.layout import MAX_RUN_SIZE

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


def choose_uploader(settings: Settings) -> str:
    """Return the uploader of the settings; on a local index there is a default.

    :raises CommandFailure: if there is none, or if its name is invalid.
    """
    uploader = settings.uploader or (LOCAL_AUTHOR if settings.is_local else None)
    if uploader is None:
        raise CommandFailure(
            "no uploader: give --as UPLOADER, or set GCPYPI_UPLOADER. It is the first part of the "
            "names of your uploads, and the key of your entry in uploaders (terraform.tfvars)"
        )
    _require_segment("uploader", uploader, MAX_RUN_SIZE)
    return uploader


def make_run_id(settings: Settings, now: datetime, given: str | None = None) -> str:
    """Return a new run id: that of the option, of the CI or of the time, and random digits.

    :raises CommandFailure: if ``given`` is invalid.
    """
    suffix = f"-{secrets.token_hex(RANDOM_BYTES)}"
    longest = MAX_RUN_SIZE - len(suffix)
    if given is not None:
        _require_segment("run id", given, longest)
    run = given or settings.ci_run
    if not run:
        return make_time_name(now)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", run)[:longest] + suffix


def _require_segment(kind: str, text: str, longest: int) -> None:
    if not _SEGMENT.fullmatch(text) or len(text) > longest:
        raise CommandFailure(
            f"the {kind} {text[:80]!r} is invalid: it has 1 to {longest} letters, digits, dots, "
            "hyphens and underscores, and begins with a letter or a digit"
        )
