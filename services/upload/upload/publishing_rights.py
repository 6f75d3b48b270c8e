"""Rights of a holder: its uploader, and the projects that it may publish for this uploader.

All protocols ask here, so a credential has the same rights at each address.
"""

import re

from checks.distribution import ParsedName, check_name
from checks.policy import Policy
from checks.refusal import Reason, Refused, quote
from schemas import layout
from schemas.holders import PUBLISH, Holder
from schemas.names import ProjectName

_UPLOADER = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.-]{1,90}", re.ASCII)


def require_uploader(holder: Holder) -> str:
    """Return the uploader of a holder.

    :raises Refused: if the holder may publish nothing.
    """
    uploader = holder.uploader or ""
    if PUBLISH not in holder.scopes or not _is_uploader(uploader):
        raise Refused(
            Reason.NOT_ALLOWED,
            f"the token of {quote(holder.name)} has no scope {PUBLISH} with a valid uploader: use"
            " a publishing token (docs/publish.md)",
        )
    return uploader


def require_project(holder: Holder, project: ProjectName) -> None:
    """Check that a project is in the scope of a holder.

    :raises Refused: if it is not.
    """
    if not holder.can_publish(project):
        raise Refused(
            Reason.NOT_ALLOWED,
            f"{quote(project)} is outside the scope of {quote(holder.name)}: use a token with this"
            " project, or ask an owner to add it",
        )


def require_file(holder: Holder, filename: str, policy: Policy) -> ParsedName:
    """Return the parsed name of a file that a holder may publish.

    :raises Refused: if the name is not valid, or if the holder or its uploader may not publish it.
    """
    name = check_name(filename, policy, require_uploader(holder))
    require_project(holder, ProjectName(name.project))
    return name


def _is_uploader(name: str) -> bool:
    """Return whether ingest reads this uploader from the name of an upload."""
    incoming = layout.locate_upload(name, "run", "file")
    found, _ = layout.split_incoming_name(incoming)
    return found == name and _UPLOADER.fullmatch(name) is not None
