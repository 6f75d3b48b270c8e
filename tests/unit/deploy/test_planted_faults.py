"""Planted faults of ``tests/deploy``, whose slow tests ``make check-deploy`` runs."""

from pathlib import Path

import pytest

from deploy.planted_faults import FAULTS, PlantedFault

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.any_python("compares texts of tests and files")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_changes_its_file(fault: PlantedFault) -> None:
    assert fault.before in (ROOT / fault.file).read_text("utf-8")
