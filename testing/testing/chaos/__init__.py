"""The whole system under fire: its processes, inputs, faults, expected state and a reader."""
