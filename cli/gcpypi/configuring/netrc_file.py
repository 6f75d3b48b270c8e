"""Entry of an index in ``.netrc``."""

import re
from collections.abc import Mapping
from netrc import NetrcParseError, netrc
from pathlib import Path

from gcpypi.configuring.merging import CannotMerge

USER = "__token__"


def merge_netrc(path: Path, host: str, token: str) -> str:
    """Return the content of the file with the token of a host. All other entries stay.

    A new entry is the first line, because an entry ``default`` must be the last one.

    :raises CannotMerge: if the file is not readable, or has another login for the host.
    """
    present = path.read_text("utf-8") if path.exists() else ""
    known = _read_entries(path) if present else {}
    if host not in known:
        return f"machine {host} login {USER} password {token}\n{present}"
    login, _, password = known[host]
    if login != USER:
        raise CannotMerge(
            f"it has the login {login} for {host}, and tools use one login for each host: remove "
            "that entry, or set the token by the variables of the tool (docs/use.md)"
        )
    entry = rf"(machine\s+{re.escape(host)}\s(?:(?!\bmachine\b)[\s\S])*?\bpassword\s+)"
    found = re.compile(rf'{entry}"?{re.escape(password or "")}"?(?=\s|$)')
    merged, count = found.subn(lambda match: f"{match[1]}{token}", present, count=1)
    if not count:
        raise CannotMerge(f"its entry for {host} has no readable password: remove that entry")
    return merged


def _read_entries(path: Path) -> Mapping[str, tuple[str, str | None, str | None]]:
    try:
        return netrc(path).hosts
    except NetrcParseError as error:
        raise CannotMerge(f"line {error.lineno}: {error.msg}. Correct it") from error
