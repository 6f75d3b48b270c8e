"""Parses command lines with gcloud's own parser; run by the Python that gcloud itself runs on.

Reads a JSON list of argument lists, and writes a JSON list: of each what is wrong with it, or "".
Nothing is executed: not the commands, and no request is made.
"""

import contextlib
import io
import json
import sys
from pathlib import Path


def main(sdk: Path) -> None:
    """Load the command tree of the SDK, and try each line on it."""
    sys.path[:0] = [str(sdk / "lib"), str(sdk / "lib/third_party")]
    from googlecloudsdk import gcloud_main  # type: ignore[import-not-found] # the SDK's own

    parser = gcloud_main.CreateCLI([])._CLI__parser
    json.dump([_problem(parser, arguments) for arguments in json.load(sys.stdin)], sys.stdout)


def _problem(parser: object, arguments: list[str]) -> str:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            parser.parse_args(arguments)  # type: ignore[attr-defined] # the SDK has no types
    except SystemExit:
        return " ".join(said.getvalue().partition("\n\n")[0].split()) or "refused"
    return ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
