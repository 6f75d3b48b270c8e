"""Facts of the promoted files: from the bytes of the inputs, and from times and generations.

The bytes of an upload give all facts of its content. The state gives the generations and times of
the objects, and which of several uploads with equal bytes was promoted.
"""

import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from hashlib import sha256
from urllib.parse import quote

from ingest.facts import FACTS_VERSION
from local import topology
from testing.chaos.expected_state.admissible import Outcomes
from testing.chaos.expected_state.sent_files import SentFile
from testing.chaos.system_state import ObjectState

FILE_RULES = "file-rules"
"""Custom metadata of a promoted object; the previous release does not set it."""


@dataclass(frozen=True)
class PromotedUpload:
    """Promoted file: its upload, the promoted object, and the object in the packages bucket."""

    file: SentFile
    source: ObjectState
    """Incoming object that was promoted, or one of several if none of them fits."""
    package: ObjectState
    metadata: bytes = field(repr=False)
    """Content of ``.metadata``."""

    @property
    def is_under_rules(self) -> bool:
        """Whether this release promoted the file."""
        return FILE_RULES in self.package.metadata

    @property
    def run(self) -> str:
        """Run id in the name of the promoted object."""
        segments = self.source.name.removeprefix("upload/").split("/")
        return segments[1]

    @property
    def holder(self) -> str | None:
        """Holder of the credential, which only the upload service states."""
        is_of_service = self.source.name.startswith("upload/")
        return self.source.metadata.get("holder") if is_of_service else None

    def build_custom_metadata(self) -> Mapping[str, str]:
        """Build the custom metadata of the object in the packages bucket."""
        upload_time = self.source.created.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        found = {
            "sha256": sha256(self.file.step.data).hexdigest(),
            "upload-time": upload_time,
            "uploader": self.file.step.uploader,
            "source-generation": str(self.source.generation),
            "warnings": "[]",
        }
        if self.is_under_rules:
            found |= {FILE_RULES: "1", "run": quote(self.run, safe="")}
        if self.holder:
            found["holder"] = quote(self.holder, safe="")
        return found

    def build_facts(self) -> Mapping[str, object]:
        """Build the fields of the file in its record."""
        fields = BytesParser().parsebytes(self.metadata)
        digest = sha256(self.metadata).hexdigest()
        is_wheel = self.file.step.filename.endswith(".whl")
        return {
            "filename": self.file.step.filename,
            "project": self.file.project,
            "version": self.file.version,
            "sha256": sha256(self.file.step.data).hexdigest(),
            "size": len(self.file.step.data),
            "upload_time": self.source.created,
            "uploader": self.file.step.uploader,
            "requires_python": fields["Requires-Python"],
            "requires_dist": fields.get_all("Requires-Dist", []),
            "summary": fields["Summary"],
            "keywords": _split_keywords(fields),
            "metadata_sha256": digest if is_wheel else None,
            "pkg_info_sha256": None if is_wheel else digest,
            "generation": self.package.generation,
            "source_generation": self.source.generation,
            "promoted_at": self.package.created if self.is_under_rules else None,
            "run": self.run if self.is_under_rules else None,
            "holder": self.holder,
            "facts_version": FACTS_VERSION,
        }


def list_promoted(outcomes: Outcomes) -> dict[str, PromotedUpload]:
    """Return the promoted files by name; files that are missing in the state are left out."""
    packages = outcomes.state.buckets[topology.PACKAGES]
    accepted = dict[str, list[SentFile]]()
    for file in outcomes.valid_files:
        if outcomes.is_accepted(file):
            accepted.setdefault(file.step.filename, []).append(file)
    return {
        name: _choose_source(files, packages[name])
        for name, files in accepted.items()
        if name in packages
    }


def _choose_source(files: Sequence[SentFile], package: ObjectState) -> PromotedUpload:
    """Return the upload that the promoted object names as its source."""
    wanted = package.metadata.get("source-generation")
    pairs = [(file, each) for file in files for each in file.objects]
    found = [pair for pair in pairs if str(pair[1].generation) == wanted]
    file, source = (found or pairs)[0]
    return PromotedUpload(file, source, package, read_metadata(file))


def read_metadata(file: SentFile) -> bytes:
    """Return the METADATA of a wheel, or the PKG-INFO of an sdist."""
    content, name = io.BytesIO(file.step.data), file.step.filename
    if name.endswith(".whl"):
        with zipfile.ZipFile(content) as wheel:
            member = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
            return wheel.read(member)
    with tarfile.open(fileobj=content) as sdist:
        member = f"{name.removesuffix('.tar.gz')}/PKG-INFO"
        found = sdist.extractfile(member)
        return found.read() if found else b""


def _split_keywords(fields: "Message[str, str]") -> list[str]:
    return [word.strip() for word in (fields["Keywords"] or "").split(",") if word.strip()]
