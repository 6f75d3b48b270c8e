"""Expected state of the whole system after a run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from local import topology
from publisher.site.page_content import Site
from schemas.records import ProjectRecord
from testing.chaos.expected_state.admissible import ACCEPTED, Outcomes
from testing.chaos.expected_state.expected_facts import PromotedUpload, list_promoted
from testing.chaos.expected_state.expected_pages import ExpectedPage, render_all
from testing.chaos.expected_state.expected_records import (
    ProjectModel,
    build_models,
    read_revisions,
)
from testing.chaos.inputs import FileInput, Inputs, MessageInput
from testing.chaos.system_state import SystemState

SITE = Site("Python packages")
"""Facts of the index that the pages of the run show."""


@dataclass(frozen=True)
class ExpectedState:
    """Everything that must be true when the system has settled."""

    inputs: Inputs
    verdicts: Mapping[str, frozenset[str]]
    """Admissible outcomes by the name of the verdict."""
    promoted: Mapping[str, PromotedUpload]
    """Files of the packages bucket by name."""
    accepted: frozenset[str]
    """Names of the files with an accepting verdict."""
    unlisted: frozenset[str]
    """Names of refused files that can be in the packages bucket."""
    models: Mapping[str, ProjectModel]
    records: Mapping[str, ProjectRecord]
    pages: Mapping[str, ExpectedPage]
    dead_letters: frozenset[tuple[str, bytes]]
    """Subscription and data of each dead letter."""
    lost_steps: tuple[int, ...]
    """Steps without a trace: the equipment did not send them."""
    withdrawable: frozenset[str]
    """Files that a command removed or quarantined at some time."""

    @property
    def listed(self) -> dict[str, frozenset[str]]:
        """Names of the files on the pages, by project."""
        return {name: frozenset(model.list_names()) for name, model in self.models.items()}

    @property
    def losers(self) -> frozenset[str]:
        """Files that are not listed because of an equivalent one."""
        return frozenset(name for model in self.models.values() for name in model.list_losers())


def build_expected_state(inputs: Inputs, state: SystemState, site: Site = SITE) -> ExpectedState:
    """Build the expected state; times and generations are read from the state."""
    outcomes = Outcomes(inputs, state)
    promoted = list_promoted(outcomes)
    models = build_models(outcomes, promoted)
    records = {n: model.build_record(read_revisions(state, n)) for n, model in models.items()}
    accepted = {f.step.filename for f in outcomes.valid_files if outcomes.is_accepted(f)}
    unlisted = {f.step.filename for f in outcomes.valid_files if outcomes.is_unlisted(f)}
    return ExpectedState(
        inputs=inputs,
        verdicts=_list_verdicts(outcomes),
        promoted=promoted,
        accepted=frozenset(accepted),
        unlisted=frozenset(unlisted),
        models=models,
        records=records,
        pages=render_all(list(records.values()), promoted, state, site),
        dead_letters=frozenset(_list_dead_letters(inputs)),
        lost_steps=tuple(_find_lost_steps(outcomes)),
        withdrawable=frozenset(_list_withdrawable(outcomes)),
    )


def _list_verdicts(outcomes: Outcomes) -> dict[str, frozenset[str]]:
    """Return the admissible outcomes of all verdicts; no other verdict exists."""
    found = dict[str, frozenset[str]]()
    for file in outcomes.files:
        for name in file.addresses:
            found[name] = found.get(name, frozenset()) | outcomes.allow_file(file)
    for command in outcomes.all_commands:
        allowed = outcomes.allow_command(command)
        found[command.answer] = allowed
        if command.address is not None:
            found[command.address] = allowed if command.fault else frozenset({ACCEPTED})
    return found | dict(_list_refused_messages(outcomes))


def _list_refused_messages(outcomes: Outcomes) -> Iterator[tuple[str, frozenset[str]]]:
    faults = {
        (step.topic, step.data): step.fault
        for step in outcomes.inputs.steps
        if isinstance(step, MessageInput) and step.fault
    }
    for message in outcomes.state.published:
        if fault := faults.get((message.topic, message.data)):
            folder = "messages" if message.topic == topology.UPLOADS_TOPIC else "commands"
            yield f"{folder}/{message.message_id}.json", frozenset({fault})


def _list_dead_letters(inputs: Inputs) -> Iterator[tuple[str, bytes]]:
    for step in inputs.steps:
        if isinstance(step, MessageInput) and step.fault is None:
            for subscription in topology.SUBSCRIPTIONS:
                if subscription.topic == step.topic:
                    yield subscription.name, step.data


def _find_lost_steps(outcomes: Outcomes) -> Iterator[int]:
    sent = {command.step for command in outcomes.all_commands}
    sent |= {file.number for file in outcomes.files if file.objects}
    published = {(message.topic, message.data) for message in outcomes.state.published}
    for number, step in enumerate(outcomes.inputs.steps):
        if isinstance(step, MessageInput):
            is_sent = (step.topic, step.data) in published
        else:
            is_of_service = isinstance(step, FileInput) and step.ways == "service"
            is_sent = is_of_service or number in sent
        if not is_sent:
            yield number


def _list_withdrawable(outcomes: Outcomes) -> Iterator[str]:
    for command in outcomes.commands:
        if command.value == "quarantined" or (command.kind == "removed" and command.value):
            for file in outcomes.valid_files:
                if command.has_target(file.project, file.release, file.step.filename):
                    yield file.step.filename
