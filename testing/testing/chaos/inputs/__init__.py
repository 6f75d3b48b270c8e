"""Inputs of a run, made from a seed."""

from testing.chaos.inputs.random_inputs import make_inputs
from testing.chaos.inputs.steps import (
    CommandInput,
    FileInput,
    Inputs,
    MessageInput,
    Size,
    Step,
)

__all__ = ["CommandInput", "FileInput", "Inputs", "MessageInput", "Size", "Step", "make_inputs"]
