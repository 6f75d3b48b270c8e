"""Facts of promoted files: sdists, run ids, and files that were promoted by older rules."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Literal

import pytest

from checks.policy import Policy
from checks.refusal import Refused
from cloud.ports import Headers
from ingest.facts import FACTS_VERSION
from ingest.promotion import Promotion
from ingest.reindex import Reindex
from local.demo.wheel_builder import Wheel
from schemas import layout
from schemas.events import FileAccepted
from schemas.file_notes import FileNotes, read_file_notes
from schemas.names import Filename
from schemas.records import FileRecord
from testing.corpus import sdists
from testing.corpus.tarball import Tar, pack_tar
from testing.corpus.wheels import make_metadata
from testing.fakes.examples import NOON, make_time
from testing.fakes.memory_ports import MemoryTopic
from testing.fakes.small_wheels import build_wheel, wheel_filename
from unit.ingest.service import FILENAME, WHEEL, InMemoryIngest

PKG_INFO = make_metadata(
    "Requires-Python: >=3.12",
    "Requires-Dist: requests >=2",
    "Summary: An example",
    "Keywords: tools, naïve words",
    version="2.2",
)
SDIST = pack_tar(Tar(b"acme-1.0/PKG-INFO", PKG_INFO), sdists.MODULE)
NAME = f"ci/42/{sdists.FILENAME}"
METADATA = layout.locate_core_metadata(Filename(sdists.FILENAME))


@pytest.fixture
def service() -> InMemoryIngest:
    return InMemoryIngest()


def publish(service: InMemoryIngest, data: bytes, name: str) -> int:
    generation = service.upload(data, name)
    assert service.announce(name=name) == 204
    return generation


def make_old(service: InMemoryIngest, filename: str) -> None:
    """Turn a promoted object into one of an older release of ingest: fewer keys, no sibling."""
    info = service.packages.stat(filename)
    assert info is not None
    data = service.read_package(filename)
    kept = {k: v for k, v in info.metadata.items() if k not in (layout.RUN, layout.FILE_RULES)}
    service.packages.put(filename, data or b"", Headers(info.content_type, "", kept))
    service.packages.remove(layout.locate_core_metadata(Filename(filename)))


def reindex(service: InMemoryIngest, policy: Policy | None = None) -> list[FileRecord | Refused]:
    """Run the command ``reindex``; return the announced facts and the refusals."""
    topic = MemoryTopic()
    promotion = Promotion(service.incoming, service.packages, policy or Policy())
    with ThreadPoolExecutor(1) as pool:
        refusals = [r for _, r in Reindex(promotion, topic, pool).run() if r]
    return [m.file for m in topic.messages if isinstance(m, FileAccepted)] + refusals


def test_the_facts_of_an_sdist_are_those_of_its_pkg_info(service: InMemoryIngest) -> None:
    service.incoming.now = NOON
    generation = service.upload(SDIST, NAME)
    service.incoming.now = make_time(60)
    service.announce(name=NAME)
    promoted = service.packages.stat(sdists.FILENAME)
    assert promoted is not None
    assert service.read_last_file() == FileRecord.model_validate(
        {
            "filename": sdists.FILENAME,
            "project": "acme",
            "version": "1.0",
            "sha256": hashlib.sha256(SDIST).hexdigest(),
            "size": len(SDIST),
            "upload_time": NOON,
            "uploader": "ci",
            "requires_python": ">=3.12",
            "requires_dist": ("requests >=2",),
            "summary": "An example",
            "keywords": ("tools", "naïve words"),
            "metadata_sha256": None,
            "pkg_info_sha256": hashlib.sha256(PKG_INFO).hexdigest(),
            "generation": promoted.generation,
            "source_generation": generation,
            "promoted_at": make_time(60),
            "run": "42",
            "facts_version": FACTS_VERSION,
        }
    )
    assert service.read_package(METADATA) == PKG_INFO


@pytest.mark.parametrize(
    ("path", "run"),
    [
        ("ci/42/", "42"),
        ("ci/42/dist/", "42"),
        ("ci/", None),
        ("ci//", None),
        ("ci/" + "r" * 128 + "/", "r" * 128),
        ("ci/" + "r" * 129 + "/", None),
        ("ci/" + "ü" * 64 + "/", "ü" * 64),
        ("ci/" + "ü" * 65 + "/", None),
        ("ci/a b%20c+d/", "a b%20c+d"),
    ],
)
def test_the_run_is_the_second_segment_of_the_name(
    path: str, run: str | None, service: InMemoryIngest
) -> None:
    publish(service, WHEEL, f"{path}{FILENAME}")
    assert service.read_last_file().run == run


def test_reindex_mends_the_facts_of_an_old_sdist(service: InMemoryIngest) -> None:
    publish(service, SDIST, NAME)
    make_old(service, sdists.FILENAME)
    (facts,) = reindex(service)
    assert isinstance(facts, FileRecord)
    assert (facts.requires_python, facts.facts_version) == (">=3.12", FACTS_VERSION)
    assert service.read_package(METADATA) == PKG_INFO


def test_reindex_adds_the_keywords_of_a_file_with_older_facts(service: InMemoryIngest) -> None:
    wheel = build_wheel(metadata="Keywords: one,two\n")
    publish(service, wheel, f"ci/42/{FILENAME}")
    make_old(service, FILENAME)
    (facts,) = reindex(service)
    assert isinstance(facts, FileRecord)
    assert (facts.keywords, facts.facts_version) == (("one", "two"), 3)


STARTUP = Wheel(
    "acme", "1.0", {"acme.py": b"", "acme.pth": b"import acme\n"}, "License-File: x\n"
).encode()


@pytest.mark.parametrize("startup_files", ["accept", "warn"])
def test_warnings_and_startup_code_are_noted_with_the_promoted_object(
    startup_files: Literal["accept", "warn"], service: InMemoryIngest
) -> None:
    service = InMemoryIngest(service.store, Policy(startup_files=startup_files))
    generation = publish(service, STARTUP, f"ci/42/{FILENAME}")
    promoted = service.packages.stat(FILENAME)
    assert promoted is not None
    notes = read_file_notes(promoted.metadata)
    assert notes.startup_code == ("acme.pth",)
    assert notes.warnings == service.read_verdict(generation, f"ci/42/{FILENAME}").warnings
    reasons = {warning.partition(":")[0] for warning in notes.warnings}
    assert reasons == {"bad-metadata", *({"startup-code"} if startup_files == "warn" else ())}


def test_a_repeated_announcement_does_not_change_the_notes(service: InMemoryIngest) -> None:
    publish(service, STARTUP, f"ci/42/{FILENAME}")
    first = service.packages.stat(FILENAME)
    again = InMemoryIngest(service.store, Policy(startup_files="accept"))
    assert again.announce(name=f"ci/42/{FILENAME}") == 204
    assert again.packages.stat(FILENAME) == first
    assert isinstance(reindex(again)[0], FileRecord)


def test_a_file_without_startup_code_has_no_note_on_it(service: InMemoryIngest) -> None:
    publish(service, WHEEL, f"ci/42/{FILENAME}")
    promoted = service.packages.stat(FILENAME)
    assert promoted is not None
    assert layout.STARTUP_CODE not in promoted.metadata
    assert read_file_notes(promoted.metadata) == FileNotes()


def test_reindex_again_reads_only_the_metadata_of_an_sdist(service: InMemoryIngest) -> None:
    publish(service, SDIST, NAME)
    service.store.counts.clear()
    reindex(service)
    assert service.store.counts.requests["objects.download"] == 1


def test_a_file_that_is_older_than_the_rules_has_no_promotion_time(service: InMemoryIngest) -> None:
    """So equivalent files that were complete before the rules stay listed after ``reindex``."""
    publish(service, WHEEL, f"ci/42/{FILENAME}")
    make_old(service, FILENAME)
    (facts,) = reindex(service)
    assert isinstance(facts, FileRecord)
    assert (facts.promoted_at, facts.run) == (None, None)


STRICTER = (
    Policy(strict=True),
    Policy(uploaders={}),
    Policy(allowed_projects=("other",)),
    Policy(max_file_size=1),
    Policy(max_members=1, max_unpacked_size=1),
)
ODD = build_wheel("Acme", "1.0", metadata="License-File: LICENSE\n")
"""Wheel with a warning about its name, and with one about its content."""
ODD_NAME = f"ci/42/{wheel_filename('Acme')}"


@pytest.mark.parametrize("policy", STRICTER)
@pytest.mark.parametrize("with_metadata", [True, False])
def test_a_promoted_file_is_announced_again_under_a_stricter_policy(
    policy: Policy, with_metadata: bool, service: InMemoryIngest
) -> None:
    """The delivery that promoted it can have stopped before it wrote ``.metadata``."""
    generation = publish(service, ODD, ODD_NAME)
    facts = service.read_last_file()
    if not with_metadata:
        service.packages.remove(f"{wheel_filename('Acme')}.metadata")
    strict = InMemoryIngest(service.store, policy)
    assert strict.announce(name=ODD_NAME, generation=str(generation)) == 204
    assert strict.accepted.messages == (FileAccepted(file=facts),)
    assert strict.refused.messages == ()


@pytest.mark.parametrize("policy", STRICTER)
@pytest.mark.parametrize(("data", "name"), [(ODD, ODD_NAME), (SDIST, NAME)], ids=["wheel", "sdist"])
def test_a_promoted_file_is_reindexed_under_a_stricter_policy(
    policy: Policy, data: bytes, name: str, service: InMemoryIngest
) -> None:
    publish(service, data, name)
    facts = service.read_last_file()
    service.packages.remove(f"{facts.filename}.metadata")
    assert reindex(service, policy) == [facts]


def test_a_stricter_policy_refuses_new_uploads_of_the_same_name(service: InMemoryIngest) -> None:
    publish(service, ODD, ODD_NAME)
    strict = InMemoryIngest(service.store, replace(Policy(), strict=True))
    again = ODD_NAME.replace("42", "43")
    generation = publish(strict, ODD, again)
    assert strict.read_verdict(generation, again).reason == "bad-filename"


def test_another_uploader_is_not_the_one_of_the_promoted_file() -> None:
    """A message can name a generation, so the generation alone proves nothing."""
    service = InMemoryIngest(policy=Policy(uploaders={"ci": ("*",)}))
    generation = publish(service, WHEEL, f"ci/42/{FILENAME}")
    other = f"other/42/{FILENAME}"
    service.announce(name=other, generation=str(generation))
    assert service.read_answer().reason == "not-found"
    assert len(service.accepted.messages) == 1
