"""Verdict on a local file, by the rules of ingest."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from checks.distribution import HashedStream, VerifiedFile, check_name, verify
from checks.policy import Policy
from checks.refusal import Reason, Refused
from gcpypi.errors import CommandFailure
from schemas.names import Equivalence, derive_equivalence

CHUNK = 1 << 20
"""Bytes of one read."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A local file with its verdict."""

    path: Path
    verified: VerifiedFile | None
    """Facts of an accepted file; None if the file is refused."""
    refused: Refused | None = None
    """Refusal; None if the file is accepted."""


def check_files(
    paths: Iterable[Path], policy: Policy, uploader: str | None = None
) -> Iterator[CheckedFile]:
    """Yield the verdict on each file, in order, as if the files were uploaded to an empty index."""
    seen = dict[Equivalence, CheckedFile]()
    for path in paths:
        yield _refuse_repetition(check_file(path, policy, uploader), seen)


def check_file(path: Path, policy: Policy, uploader: str | None = None) -> CheckedFile:
    """Return the verdict on a file.

    :raises CommandFailure: if the file is not readable.
    """
    try:
        name = check_name(path.name, policy, uploader)
        size = path.stat().st_size
        if size > policy.max_file_size:
            limit = f"the {policy.max_file_size} allowed (MAX_FILE_SIZE)"
            raise Refused(Reason.TOO_LARGE, f"{path.name} has {size} bytes, more than {limit}")
        with path.open("rb") as file:
            chunks = HashedStream(iter(lambda: file.read(CHUNK), b""), policy.max_file_size)
            return CheckedFile(path, verify(name, chunks, policy, size))
    except Refused as refused:
        return CheckedFile(path, None, refused)
    except OSError as error:
        raise CommandFailure(f"{path} is not readable: {error.strerror}") from error


def _refuse_repetition(checked: CheckedFile, seen: dict[Equivalence, CheckedFile]) -> CheckedFile:
    """Refuse a file if an earlier one has its release, build number and tag set."""
    key = derive_equivalence(checked.path.name)
    if checked.verified is None or key is None:
        return checked
    first = seen.setdefault(key, checked)
    if first is checked or first.verified is None or _is_same_file(first, checked):
        return checked
    detail = (
        f"{checked.path} and {first.path} have the same release, build number and tag set, and the "
        "index accepts one of them: remove the other, or give it a new version"
    )
    return CheckedFile(checked.path, None, Refused(Reason.EXISTS, detail))


def _is_same_file(one: CheckedFile, other: CheckedFile) -> bool:
    if one.verified is None or other.verified is None:
        return False
    return one.path.name == other.path.name and one.verified.sha256 == other.verified.sha256
