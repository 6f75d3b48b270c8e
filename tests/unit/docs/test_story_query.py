"""The query of docs/operate.md for the story of a file, on lines of the services.

The function runs in bash, with a stand-in for gcloud that evaluates its filters and formats.
"""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from chassis.logs import JsonFormatter
from documented import doc_pages
from local.runtime.story import tell_story
from testing.services.memory_index import MemoryIndex

GCLOUD = Path(__file__).parents[2] / "documented/gcloud_logging.py"
SPECIAL = "logging.googleapis.com/trace"
PROXY_LINE = {"file": "acme-1.3-py3-none-any.whl", "status": 200}


def make_entry(line: str) -> dict[str, object]:
    """Return the log entry that Cloud Logging makes of a line."""
    payload = json.loads(line)
    trace = payload.pop(SPECIAL, "")
    return {"trace": trace, "timestamp": "2026-11-28T12:00:00Z", "jsonPayload": payload}


def run_story(filename: str, entries: list[dict[str, object]], folder: Path) -> list[list[str]]:
    """Run the documented function; return the cells of its table."""
    [function] = [
        step.text
        for step in doc_pages.list_steps("docs/operate.md")
        if step.text.startswith("story()")
    ]
    file = folder / "entries.json"
    file.write_text(json.dumps(entries), "utf-8")
    gcloud = f'gcloud() {{ "{sys.executable}" "{GCLOUD}" "{file}" "$@"; }}'
    script = f"set -o pipefail; {gcloud}\n{function}\nstory {filename}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


class Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """Lines of the services about twenty files of one project, a refused file and a command."""
    index, handler = MemoryIndex(), Collector()
    logger = logging.getLogger("chassis.push_endpoint")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        index.run(*(index.upload("acme", f"1.{n}") for n in range(20)))
        index.buckets["incoming"].put("ci/1/acme-1.0.tar.gz", b"no sdist")
        index.run(index.upload("zebra", "1.0"))
        refused = index.upload("acme", "9.9")
        index.buckets["incoming"].put(refused.name, b"no wheel")
        index.run(refused)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    return [JsonFormatter().format(record) for record in handler.records]


@pytest.mark.parametrize(
    "filename",
    [
        "acme-1.0-py3-none-any.whl",
        "acme-1.19-py3-none-any.whl",
        "acme-9.9-py3-none-any.whl",
        "zebra-1.0-py3-none-any.whl",
    ],
)
def test_the_query_finds_the_lines_of_the_local_story(
    filename: str, lines: list[str], tmp_path: Path
) -> None:
    entries = [make_entry(line) for line in [*lines, json.dumps(PROXY_LINE)]]
    rows = run_story(filename, entries, tmp_path)
    steps = tell_story(filename, [f"12:00:00 x | {line}" for line in lines])
    local = [step.outcome.split()[0] for step in steps if step.name != "upload"]
    assert [row[3] for row in rows] == local
    assert rows[0][2] == "ingest-file-uploaded"
    if not filename.startswith("acme-9.9"):
        assert {row[2] for row in rows} >= {"indexer-file-accepted", "publisher-project"}


def test_the_story_of_an_unknown_file_is_empty(lines: list[str], tmp_path: Path) -> None:
    entries = [make_entry(line) for line in lines]
    assert run_story("unknown-1.0.tar.gz", entries, tmp_path) == []
