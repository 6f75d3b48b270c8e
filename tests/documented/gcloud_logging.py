"""Stand-in for ``gcloud logging read`` on a file of log entries, for queries of the documentation.

    python gcloud_logging.py FILE logging read FILTER [--format=value(…)|table(…)] [--OPTION=…]

It prints the fields of the format, separated by tabs, and no head. It refuses other commands.
"""

import json
import sys
from pathlib import Path

from testing.log_filter import find_value, parse_filter


def main() -> None:
    """Print the selected fields of the matching entries."""
    file, *command, filter_text = sys.argv[1:5]
    options = dict(option.removeprefix("--").split("=", 1) for option in sys.argv[5:])
    kind, _, fields = options["format"].removesuffix(")").partition("(")
    if command != ["logging", "read"] or kind not in ("value", "table"):
        sys.exit(f"unknown: {command} {kind}")
    for entry in filter(parse_filter(filter_text), json.loads(Path(file).read_text("utf-8"))):
        print("\t".join(str(find_value(entry, field) or "") for field in fields.split(",")))


if __name__ == "__main__":
    main()
