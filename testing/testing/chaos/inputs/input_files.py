"""Files of the inputs: small valid wheels and sdists, and hostile files of the corpus."""

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random

from checks.refusal import Reason
from testing.corpus.case import DEFAULTS, Refusal
from testing.corpus.everything import REFUSALS
from testing.corpus.tarball import Tar, pack_tar
from testing.fakes.small_wheels import build_wheel

TAGS = ("py3-none-any", "cp312-none-any", "cp313-none-any")
"""Tags of the wheels of a release, in this order."""
FILES_PER_RELEASE = len(TAGS) + 1
_MAX_HOSTILE_SIZE = 100_000
_UNKNOWN_TO_PREVIOUS = frozenset(
    {
        *(Reason.INSTALLED_PATH, Reason.EDITABLE, Reason.DIST_INFO),
        *(Reason.ZIP_PATH, Reason.SDIST_METADATA),
    }
)
"""Reason codes that the previous release does not give to all files with them."""


@dataclass(frozen=True)
class SampleFile:
    """Valid file."""

    project: str
    version: str
    filename: str
    data: bytes = field(repr=False)


def build_sample_wheel(
    project: str, version: str, tag: str = TAGS[0], *, body: str = "", requires: str = ""
) -> SampleFile:
    """Build a wheel; ``body`` changes the bytes and no fact."""
    name = project.replace("-", "_")
    fields = _describe(project, version) + (f"Requires-Dist: {requires}\n" if requires else "")
    data = build_wheel(name, version, metadata=fields, body=f"BODY = {body!r}\n".encode(), tag=tag)
    return SampleFile(project, version, f"{name}-{version}-{tag}.whl", data)


def build_sample_sdist(project: str, version: str, *, body: str = "") -> SampleFile:
    """Build an sdist; ``body`` changes the bytes and no fact."""
    top = f"{project.replace('-', '_')}-{version}"
    head = f"Metadata-Version: 2.2\nName: {project}\nVersion: {version}\n"
    members = {
        "PKG-INFO": f"{head}{_describe(project, version)}",
        "pyproject.toml": f"[project] # {body}\n",
    }
    tar = [Tar(f"{top}/{name}".encode(), text.encode()) for name, text in members.items()]
    return SampleFile(project, version, f"{top}.tar.gz", pack_tar(*tar))


def _describe(project: str, version: str) -> str:
    return (
        f"Summary: Release {version} of {project}\n"
        "Requires-Python: >=3.9\n"
        f"Keywords: chaos,{project}\n"
    )


def build_files(project: str, count: int, requires: str) -> list[SampleFile]:
    """Build the files of a project: an sdist and three wheels of each release."""
    files = list[SampleFile]()
    for number in range(count):
        release, place = divmod(number, FILES_PER_RELEASE)
        version = _choose_version(release)
        if place == 1:
            files.append(build_sample_sdist(project, version))
        else:
            tag = TAGS[max(place - 1, 0)]
            files.append(build_sample_wheel(project, version, tag, requires=requires))
    return files


def _choose_version(release: int) -> str:
    """Return a version; each fifth is a pre-release."""
    return f"1.{release}rc1" if release % 5 == 4 else f"1.{release}"


def choose_hostile(random: Random, count: int, *, previous: bool) -> list[tuple[Refusal, bytes]]:
    """Choose hostile files of as many reason codes as possible; return each with its bytes."""
    groups = _group_hostile(previous=previous)
    for cases in groups.values():
        random.shuffle(cases)
    chosen = list[tuple[Refusal, bytes]]()
    while len(chosen) < count and any(groups.values()):
        taken = [cases.pop() for cases in groups.values() if cases]
        random.shuffle(taken)
        built = ((case, case.build()) for case in taken[: count - len(chosen)])
        chosen += [(case, data) for case, data in built if len(data) <= _MAX_HOSTILE_SIZE]
    return chosen


def _group_hostile(*, previous: bool) -> dict[Reason, list[Refusal]]:
    groups = defaultdict[Reason, list[Refusal]](list)
    for case in REFUSALS:
        is_sendable = "/" not in case.filename and case.filename.isprintable()
        is_known = not previous or case.reason not in _UNKNOWN_TO_PREVIOUS
        if case.policy == DEFAULTS and is_sendable and is_known:
            groups[case.reason].append(case)
    return dict(groups)
