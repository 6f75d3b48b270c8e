"""Rules for the installed `.dist-info` directory: the only one, without files of installers."""

from collections.abc import Iterable
from typing import Never

from checks.archive.member_names import quote_name
from checks.findings import Findings
from checks.installation.installed_paths import SITE, find_installed_path
from checks.refusal import Reason, Refused

DIRECT_URL = "direct_url.json"
"""Origin of an installed project (PEP 610). Only installers write it."""
INSTALLER_FILES = ("installer", "requested", "provenance_url.json")
"""Other files of installers (recording installed projects, PEP 710), in lower case."""


def check_installed_dist_info(names: Iterable[str], dist_info: str, findings: Findings) -> None:
    """Refuse a second installed project and a recorded origin; warn about files of installers."""
    warned = set()
    for member in names:
        place = find_installed_path(member)
        top, _, rest = place.path.partition("/")
        if place.directory != SITE or not top.casefold().endswith((".dist-info", ".egg-info")):
            continue
        if not member.startswith(f"{top}/") and member != top:
            _refuse(
                member,
                f"it is installed as {quote_name(place.path)}, a second project"
                f" besides {quote_name(dist_info)}",
                "Remove it, or move it into a package",
            )
        if top != dist_info:
            warned.add((top, ""))
        elif rest.casefold() == DIRECT_URL:
            _refuse(
                member,
                "installers write this file; `pip freeze` would print its URL instead of"
                " the version",
                "Remove it",
            )
        elif rest.casefold() in INSTALLER_FILES:
            warned.add((top, rest))
    _warn(warned, dist_info, findings)


def _warn(warned: set[tuple[str, str]], dist_info: str, findings: Findings) -> None:
    for top, rest in sorted(warned)[:4]:
        if rest:
            fault = f"{quote_name(f'{top}/{rest}')}: only installers write this file"
        else:
            fault = f"{quote_name(top)} is a second project besides {quote_name(dist_info)}"
        findings.warn(Reason.DIST_INFO, f"{fault}. Remove it.")


def _refuse(member: str, fault: str, remedy: str) -> Never:
    raise Refused(Reason.DIST_INFO, f"member {quote_name(member)}: {fault}. {remedy}.")
