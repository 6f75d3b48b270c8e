"""Model of the whole system: the state that it must have after a run, from the inputs."""

from testing.chaos.expected_state.settled_state import ExpectedState, build_expected_state
from testing.chaos.expected_state.settling import is_settled

__all__ = ["ExpectedState", "build_expected_state", "is_settled"]
