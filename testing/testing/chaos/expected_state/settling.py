"""Settled steps: their verdict is stored, and the record has their effect."""

import json
from collections.abc import Sequence

from local import topology
from testing.chaos.expected_state.admissible import ACCEPTED, read_outcome
from testing.chaos.expected_state.given_commands import list_commands
from testing.chaos.expected_state.sent_files import SentFile, list_files
from testing.chaos.inputs import CommandInput, FileInput, Inputs, MessageInput, Step
from testing.chaos.inputs.steps import SERVICE
from testing.chaos.system_state import SystemState


def is_settled(number: int, inputs: Inputs, state: SystemState) -> bool:
    """Return whether a step has its final outcome, so that a later step finds its effect."""
    match inputs.steps[number]:
        case FileInput() as step:
            alone = _select(inputs, step)
            return all(_is_file_settled(file, state) for file in list_files(alone, state))
        case CommandInput() as step:
            commands = list_commands(_select(inputs, step), state)
            return bool(commands) and all(
                read_outcome(state, each.answer) is not None for each in commands
            )
        case MessageInput():
            return True


def _select(inputs: Inputs, step: Step) -> Inputs:
    """Return inputs with one step only."""
    steps: Sequence[Step] = (step,)
    return Inputs(inputs.seed, inputs.previous, steps, inputs.uploaders, inputs.service_users)


def _is_file_settled(file: SentFile, state: SystemState) -> bool:
    outcomes = [read_outcome(state, name) for name in file.addresses]
    if file.step.fault is not None:
        return file.step.ways == SERVICE or (bool(outcomes) and None not in outcomes)
    if file.step.ways == SERVICE:
        return _has_record(file, state)
    if not outcomes or None in outcomes:
        return False
    return ACCEPTED not in outcomes or _has_record(file, state)


def _has_record(file: SentFile, state: SystemState) -> bool:
    record = state.buckets[topology.METADATA].get(f"projects/{file.project}.json")
    return record is not None and file.step.filename in json.loads(record.data)["files"]
