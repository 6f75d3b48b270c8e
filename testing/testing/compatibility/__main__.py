"""Record what the services of a release write, into ``testing/releases/<version>/``.

Record this checkout (``unreleased``) after each change of a message or document. Before a release,
give its entry in ``testing/releases.toml`` and its folder the version and the commit.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from testing.compatibility.history import HistoryUnavailable, check_out, read_releases
from testing.compatibility.recording import record


def main() -> int:
    """Record the releases in the arguments; return 2 if the history is not available."""
    releases = {release.version: release for release in read_releases()}
    parser = argparse.ArgumentParser(prog="python -m testing.compatibility", description=__doc__)
    parser.add_argument("version", nargs="*", help=f"of {', '.join(releases)}; default: the last")
    versions = parser.parse_args().version or list(releases)[-1:]
    if unknown := set(versions) - releases.keys():
        parser.error(f"testing/releases.toml has no release {', '.join(sorted(unknown))}")
    for version in versions:
        release = releases[version]
        with tempfile.TemporaryDirectory() as folder:
            try:
                checkout = check_out(release, Path(folder))
            except HistoryUnavailable as error:
                print(error, file=sys.stderr)
                return 2
            texts = record(checkout, Path(folder) / "log")
        release.recording.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (release.recording / name).write_text(text, "utf-8")
        print(f"recorded {version}: testing/releases/{version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
