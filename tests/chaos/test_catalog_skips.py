"""Exhaustive model of one object of the catalog: all orders of all steps of two instances.

The object shows two projects. Each step reads or writes one object, because a listing of records is
no snapshot: it reads one page after another. Commits, duplicate runs and kills come at any time.
After each commit a run starts, as Pub/Sub delivers its message until a run ends.

The model compares rules for a skip: equal bytes lose an update, equal revisions do not. A list of
names changes with new projects only, so equal names lose no update of it. A page that depends on
the size of the search data, which grows and shrinks, would lose one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

pytestmark = pytest.mark.any_python("is a model without the services")

PROJECTS = 2
COMMITS = 4
"""Commits of each schedule. The first project gets the odd ones, the second the even ones."""

Revisions = tuple[int, ...]
"""Revision of each project."""
Rule = Callable[[Revisions, Revisions], bool]
"""Rule that returns whether a run skips a shard, from its revisions and the listed ones."""


@dataclass(frozen=True)
class CatalogRun:
    """Run of the catalog by one instance."""

    noted: tuple[int, Revisions] | None = None
    """Generation and revisions of the shard, before the listing."""
    listed: Revisions = ()
    """Revisions of the listing so far."""


@dataclass(frozen=True)
class World:
    """State of the records, the shard, and the runs."""

    records: Revisions = (1,) * PROJECTS
    shard: tuple[int, Revisions] = (1, (1,) * PROJECTS)
    runs: tuple[CatalogRun | None, CatalogRun | None] = (None, None)
    waiting: bool = False
    """Whether a message waits for a run that starts after it."""
    commits: int = 0
    kills: int = 1
    duplicates: int = 1


def list_next(world: World, skips: Rule) -> Iterator[World]:
    """Yield all states after one step."""
    if world.commits < COMMITS:
        project = world.commits % PROJECTS
        records = tuple(r + (n == project) for n, r in enumerate(world.records))
        yield replace(world, records=records, commits=world.commits + 1, waiting=True)
    for number, run in enumerate(world.runs):
        if run is None and world.waiting:
            yield set_run(replace(world, waiting=False), number, CatalogRun())
        elif run is None and world.duplicates:
            yield set_run(replace(world, duplicates=world.duplicates - 1), number, CatalogRun())
        elif run is not None:
            yield take_step(world, number, run, skips)
            if world.kills:
                killed = replace(world, waiting=True, kills=world.kills - 1)
                yield set_run(killed, number, None)


def take_step(world: World, number: int, run: CatalogRun, skips: Rule) -> World:
    """Return the state after the next step of a run."""
    if run.noted is None:
        return set_run(world, number, replace(run, noted=world.shard))
    if len(run.listed) < PROJECTS:
        revision = world.records[len(run.listed)]
        return set_run(world, number, replace(run, listed=(*run.listed, revision)))
    generation, shown = run.noted
    if skips(shown, run.listed):
        return set_run(world, number, None)
    if generation != world.shard[0]:
        return set_run(world, number, CatalogRun())  # 412: start over
    written = replace(world, shard=(generation + 1, run.listed))
    return set_run(written, number, None)


def set_run(world: World, number: int, run: CatalogRun | None) -> World:
    runs = (run, world.runs[1]) if number == 0 else (world.runs[0], run)
    return replace(world, runs=runs)


def find_wrong_end(skips: Rule, has_equal_bytes: Callable[[Revisions, Revisions], bool]) -> object:
    """Return a state in which everything has ended and the shard is old; None if there is none."""
    waiting, known = [World()], {World()}
    ends = 0
    while waiting:
        world = waiting.pop()
        following = list(list_next(world, skips))
        if world.commits == COMMITS and not world.waiting and world.runs == (None, None):
            ends += 1
            if not has_equal_bytes(world.shard[1], world.records):
                return world
        for each in following:
            if each not in known:
                known.add(each)
                waiting.append(each)
    assert ends > 10, "the model has no end"
    return None


def has_equal_bytes(shown: Revisions, listed: Revisions) -> bool:
    """Compare the bytes of two shards; a project changes back and forth with each revision."""
    return [revision % 2 for revision in shown] == [revision % 2 for revision in listed]


def has_equal_revisions(shown: Revisions, listed: Revisions) -> bool:
    return shown == listed


def test_a_skip_because_of_equal_revisions_loses_no_update() -> None:
    assert find_wrong_end(has_equal_revisions, has_equal_bytes) is None


def test_without_a_skip_no_update_is_lost() -> None:
    assert find_wrong_end(lambda shown, listed: False, has_equal_bytes) is None


def test_a_skip_because_of_equal_bytes_loses_an_update() -> None:
    assert find_wrong_end(has_equal_bytes, has_equal_bytes) is not None


def has_equal_names(shown: Revisions, listed: Revisions) -> bool:
    """Compare the names of two lists; each project has its first file from revision 2 on."""
    return [revision > 1 for revision in shown] == [revision > 1 for revision in listed]


def has_equal_form(shown: Revisions, listed: Revisions) -> bool:
    """Compare the forms of the search; an even revision makes the data of a project large."""
    return (0 in [revision % 2 for revision in shown]) == (0 in [each % 2 for each in listed])


def test_a_skip_because_of_equal_names_loses_no_update_of_a_list_of_names() -> None:
    assert find_wrong_end(has_equal_names, has_equal_names) is None


def test_a_skip_because_of_equal_names_loses_an_update_of_other_facts() -> None:
    assert find_wrong_end(has_equal_names, has_equal_bytes) is not None


def test_a_skip_because_of_an_equal_form_of_the_search_loses_an_update() -> None:
    assert find_wrong_end(has_equal_form, has_equal_form) is not None


def test_a_skip_because_of_an_equal_sum_of_bytes_loses_an_update() -> None:
    """The model also finds the error of a digest that says too little."""
    skips = lambda shown, listed: sum(shown) % 2 == sum(listed) % 2  # noqa: E731
    assert find_wrong_end(skips, has_equal_bytes) is not None
