"""Resources of a planned installation, in the form of Terraform's JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]
"""Arguments of a resource."""


@dataclass(frozen=True, slots=True)
class PlannedResource:
    """Resource of an installation."""

    address: str
    type: str
    values: Values
