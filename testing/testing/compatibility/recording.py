"""Recordings: what the services of a release write for some uploads and commands.

A recording has the messages of all topics, the objects of all buckets, a document of tokens, and
the JSON Schemas of the release. Values that differ from run to run are compared by their form.
"""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from random import Random

from local import topology
from schemas import layout, web_layout
from schemas.events import FileUploaded, ProjectCommand
from schemas.push import Message
from testing.compatibility.history import Checkout, Release
from testing.compatibility.mixed_services import MixedServices, run_mixed_services
from testing.corpus.tarball import Tar, pack_tar
from testing.fakes.examples import LONG_AGO
from testing.fakes.small_wheels import build_wheel, wheel_filename

FILES = ("messages.json", "objects.json", "tokens.json", "schemas.json")
PKG_INFO = b"Metadata-Version: 2.2\nName: acme\nVersion: 1.1\nRequires-Python: >=3.9\n"
METADATA = "Requires-Python: >=3.9\nRequires-Dist: requests\nSummary: A tool\n"
UPLOADS: Mapping[str, bytes] = {
    "ci/1/acme-1.0-py3-none-any.whl": build_wheel(metadata=METADATA),
    "ci/2/acme-1.1.tar.gz": pack_tar(
        Tar(b"acme-1.1/PKG-INFO", PKG_INFO), Tar(b"acme-1.1/pyproject.toml", b"[project]\n")
    ),
    "ci/3/beta-1.0-py3-none-any.whl": build_wheel("beta"),
    "ci/4/gamma-1.0-py3-none-any.whl": b"not an archive",
}
COMMANDS: tuple[Mapping[str, str], ...] = (
    {"action": "yank", "project": "acme", "version": "1.0", "reason": "broken"},
    {"action": "yank", "project": "acme", "filename": "acme-1.1.tar.gz"},
    {"action": "unyank", "project": "acme", "filename": "acme-1.1.tar.gz"},
    {"action": "remove", "project": "acme", "filename": wheel_filename()},
    {"action": "restore", "project": "acme", "version": "1.1"},
    {"action": "set-status", "project": "beta", "status": "quarantined", "reason": "attacked"},
    {"action": "yank", "project": "acme", "version": "1.0", "issued_at": "2999-01-01T00:00:00Z"},
)
"""Commands; the last one is refused."""
_TOKENS = """
import sys
from datetime import UTC, datetime
from schemas.tokens import Token, TokenDocument
now = datetime(2026, 1, 1, tzinfo=UTC)
tokens = (
    Token(name="ada", sha256="a" * 64, created=now),
    Token(name="ci", sha256="b" * 64, projects=("acme-*",), created=now, expires=now),
)
sys.stdout.buffer.write(TokenDocument(tokens=tokens).encode())
"""
_VOLATILE = re.compile(
    r"\b(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?Z)?|\d{13,})\b"
    r'|(?<="catalog-source": ")[0-9a-f]{64}'
)
"""Times, generations, revisions, and digests of revisions."""


def record(checkout: Checkout, log: Path) -> dict[str, str]:
    """Run the services of a release; return the recording as text by file name."""
    with run_mixed_services([checkout], log, Random(0)) as services:  # noqa: S311 - one process each
        for name, data in UPLOADS.items():
            services.storage.insert(topology.INCOMING, name, data)
            services.deliver([FileUploaded(bucket=topology.INCOMING, name=name)])
        for message in map(_make_command, range(len(COMMANDS))):
            services.deliver([message])
        contents = (
            _read_messages(services),
            _read_buckets(services),
            json.loads(checkout.run_python(_TOKENS, b"")),
            _read_schemas(checkout.folder),
        )
    texts = (json.dumps(each, indent=1, ensure_ascii=False) + "\n" for each in contents)
    return dict(zip(FILES, texts, strict=True))


def read_recording(release: Release) -> dict[str, str]:
    """Return the stored recording of a release, as text by file name."""
    return {name: (release.recording / name).read_text("utf-8") for name in FILES}


def mask_volatile(text: str) -> str:
    """Replace the values that differ from run to run by one word."""
    return _VOLATILE.sub("<volatile>", text)


def _make_command(number: int) -> Message:
    fixed = {
        "command_id": f"c{number}",
        "issued_at": LONG_AGO + timedelta(seconds=number),
    }
    return ProjectCommand.model_validate(fixed | dict(COMMANDS[number]))


def _read_messages(services: MixedServices) -> Mapping[str, list[object]]:
    found: dict[str, list[object]] = {}
    for topic, data in services.broker.published:
        found.setdefault(topic, []).append(json.loads(data))
    return dict(sorted(found.items()))


def _read_buckets(services: MixedServices) -> Mapping[str, object]:
    """Return the objects by bucket and name: custom metadata, and the content of documents.

    Style sheets and scripts are left out, because no service reads them.
    """
    found: dict[str, dict[str, object]] = {}
    for setting, bucket in topology.BUCKETS.items():
        live = services.storage.buckets[bucket].live
        found[setting] = {
            name: {
                "content_type": live[name].attributes.content_type,
                "metadata": dict(live[name].attributes.metadata),
                **({"document": json.loads(live[name].data)} if _is_document(bucket, name) else {}),
            }
            for name in sorted(live)
            if not (bucket == topology.STATIC and name.startswith(web_layout.ASSETS))
        }
    return found


def _is_document(bucket: str, name: str) -> bool:
    """Return whether an object is a JSON document, and not a page or a file."""
    return name == layout.BLOCKED if bucket == topology.STATIC else name.endswith(".json")


def _read_schemas(folder: Path) -> Mapping[str, object]:
    paths = sorted((folder / "schemas/json").glob("*.json"))
    return {path.stem: json.loads(path.read_text("utf-8")) for path in paths}
