"""The environment that a child process gets: ours, less what it must not see, plus its own."""

import os
from collections.abc import Mapping

from local.layout import HOST


def environment(extra: Mapping[str, str], drop: tuple[str, ...] = ()) -> dict[str, str]:
    """Return this process's environment with ``extra``.

    :param drop: prefixes of the names to leave out.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(drop)}
    return {**kept, **_no_proxy(), **extra}


def _no_proxy() -> dict[str, str]:
    """Keep a company's HTTP proxy out of the loopback; programs differ in which name they read."""
    told = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    value = ",".join(filter(None, [told, HOST, "localhost"]))
    return {"NO_PROXY": value, "no_proxy": value}
