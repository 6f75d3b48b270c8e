"""Inputs from a seed: their numbers, their order, and files that are valid or not as stated."""

from collections import Counter
from functools import cache

import pytest

from checks.distribution import verify
from checks.filenames import check_name
from checks.policy import Policy
from checks.refusal import Refused
from testing.chaos.inputs import CommandInput, FileInput, Inputs, MessageInput, Size, make_inputs

make = cache(make_inputs)
ACTIONS = {"yank", "unyank", "remove", "restore", "set-status"}


def list_valid(inputs: Inputs) -> list[FileInput]:
    return [each for each in inputs.steps if isinstance(each, FileInput) and each.fault is None]


def test_full_inputs_have_the_numbers_of_the_issue() -> None:
    inputs = make(3, Size.FULL, previous=False)
    files, names = list_valid(inputs), {each.filename for each in list_valid(inputs)}
    projects = Counter(name.split("-")[0] for name in names)
    assert len(names) >= 300
    assert len(projects) == 30
    assert projects.most_common(1)[0][1] >= 100
    assert {each.ways for each in files} == {"bucket", "message", "both", "service"}
    assert any(name.endswith(".tar.gz") for name in names)
    hostile = [e for e in inputs.steps if isinstance(e, FileInput) and e.fault is not None]
    assert len(hostile) == 41
    assert len({each.fault for each in hostile}) > 20
    assert sum(isinstance(each, MessageInput) for each in inputs.steps) == 20


@pytest.mark.parametrize("size", Size)
def test_inputs_have_all_actions_as_objects_and_as_messages(size: Size) -> None:
    commands = [
        each for each in make(3, size, previous=False).steps if isinstance(each, CommandInput)
    ]
    assert {each.fields["action"] for each in commands if each.fault is None} == ACTIONS
    statuses = {each.fields.get("status") for each in commands}
    assert statuses >= {"quarantined", "active", "archived", "deprecated"}
    assert any("version" in each.fields and "status" in each.fields for each in commands)
    assert {each.object_name is None for each in commands} == {True, False}


@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("previous", [False, True])
def test_equal_seeds_give_equal_inputs_in_an_order_that_can_be_played(
    size: Size, previous: bool
) -> None:
    inputs = make(3, size, previous=previous)
    assert inputs == make_inputs(3, size, previous=previous)
    assert inputs.steps != make(4, size, previous=previous).steps
    for number, step in enumerate(inputs.steps):
        assert all(earlier < number for earlier in step.after)
        assert 1 <= step.copies <= 4
    paths = [each.path for each in inputs.steps if isinstance(each, FileInput)]
    assert len(set(paths)) == len(paths)


def test_inputs_for_the_previous_release_have_nothing_that_it_does_not_know() -> None:
    inputs = make(3, Size.FULL, previous=True)
    commands = [each for each in inputs.steps if isinstance(each, CommandInput)]
    assert [each.object_name for each in commands if each.object_name] == []
    for each in commands:
        assert "of_uploaders" not in each.fields
        assert not ("version" in each.fields and "status" in each.fields)
    assert "service" not in {each.ways for each in inputs.steps if isinstance(each, FileInput)}
    assert inputs.service_users == {}


def check(step: FileInput) -> str | None:
    """Return the reason code of the refusal by the checks, or None."""
    policy = Policy(uploaders={"acme": ("*",), "tools": ("*",), "guest": ("guest-*",)})
    try:
        name = check_name(step.filename, policy, step.uploader)
        return "warnings" if verify(name, [step.data], policy, len(step.data)).warnings else None
    except Refused as refused:
        return refused.reason


def test_files_have_the_fault_that_the_inputs_state_and_valid_ones_no_warning() -> None:
    steps = [
        each for each in make(4, Size.FULL, previous=False).steps if isinstance(each, FileInput)
    ]
    assert [check(each) for each in steps] == [each.fault for each in steps]
