"""Check of command lines with gcloud's own parser; run by gcloud's own Python.

Reads a JSON list of argument lists. Writes a JSON list with the error of each, or an empty string.
Executes no command and makes no request.
"""

import contextlib
import io
import json
import sys
from pathlib import Path


def main(sdk: Path) -> None:
    """Load the command tree of the SDK, and parse each command line with it."""
    sys.path[:0] = [str(sdk / "lib"), str(sdk / "lib/third_party")]
    from googlecloudsdk import gcloud_main  # type: ignore[import-not-found] # the SDK's own

    parser = gcloud_main.CreateCLI([])._CLI__parser
    json.dump([_find_error(parser, arguments) for arguments in json.load(sys.stdin)], sys.stdout)


def _find_error(parser: object, arguments: list[str]) -> str:
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            parser.parse_args(arguments)  # type: ignore[attr-defined] # the SDK has no types
    except SystemExit:
        return " ".join(errors.getvalue().partition("\n\n")[0].split()) or "refused"
    return ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
