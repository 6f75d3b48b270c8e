"""Environment of a child process: the current one, without some variables, with its own."""

import os
from collections.abc import Mapping

from local.topology import HOST


def build_environment(extra: Mapping[str, str], drop: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the environment of this process, extended by ``extra``.

    :param drop: prefixes of variables to leave out.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(drop)}
    return {**inherited, **_build_no_proxy(), **extra}


def _build_no_proxy() -> dict[str, str]:
    """Exclude the loopback from a configured HTTP proxy; programs read either name."""
    configured = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    value = ",".join(filter(None, [configured, HOST, "localhost"]))
    return {"NO_PROXY": value, "no_proxy": value}
