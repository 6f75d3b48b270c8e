"""Differences of the packages bucket from the model."""

from collections.abc import Iterator

from local import topology
from schemas import layout
from testing.chaos.expected_state import ExpectedState
from testing.chaos.expected_state.expected_facts import FILE_RULES
from testing.chaos.system_state import SystemState

_SDIST_METADATA = f".tar.gz{layout.METADATA_SUFFIX}"


def list_packages(expected: ExpectedState) -> frozenset[str]:
    """Return the objects of all accepted files."""
    return _add_metadata(expected.accepted)


def list_early_packages(expected: ExpectedState) -> frozenset[str]:
    """Return the objects before ``reindex``: 0.1.0 writes no ``.metadata`` of an sdist."""
    objects = list_packages(expected)
    if not expected.inputs.previous:
        return objects
    return frozenset(name for name in objects if not name.endswith(_SDIST_METADATA))


def compare_packages(
    state: SystemState, expected: ExpectedState, needed: frozenset[str]
) -> Iterator[str]:
    """Yield a sentence for each difference.

    :param needed: objects that the bucket must have.
    """
    packages = state.buckets[topology.PACKAGES]
    known = _add_metadata(expected.accepted | expected.unlisted)
    yield from (f"packages/{name} is missing" for name in sorted(needed - packages.keys()))
    for name in sorted(packages.keys() - known):
        yield f"packages/{name} exists, but no upload of it was accepted"
    for name, file in expected.promoted.items():
        found = packages[name]
        if found.data != file.file.step.data:
            yield f"packages/{name} has other bytes than the accepted upload {file.source.name}"
        wanted = file.build_custom_metadata()
        if dict(found.metadata) != wanted:
            yield f"packages/{name} has the metadata {dict(found.metadata)}, expected {wanted}"
        if FILE_RULES not in found.metadata and not expected.inputs.previous:
            yield f"packages/{name} has no {FILE_RULES}"
        metadata = packages.get(f"{name}{layout.METADATA_SUFFIX}")
        if metadata is not None and metadata.data != file.metadata:
            yield f"packages/{name}{layout.METADATA_SUFFIX} differs from the metadata in the file"


def _add_metadata(names: frozenset[str]) -> frozenset[str]:
    return names | {f"{name}{layout.METADATA_SUFFIX}" for name in names}
