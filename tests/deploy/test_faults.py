"""Each check fails for its fault; the tests plant the faults in a copy."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.planted_faults import FAULTS, PlantedFault

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_check_finds_its_fault(fault: PlantedFault, tree: Path, check: Run) -> None:
    file = tree / fault.file
    text = file.read_text("utf-8")
    assert fault.before in text
    file.write_text(text.replace(fault.before, fault.after), "utf-8")

    done = check("offline_checks", "--root", str(tree), fault.part)

    assert done.returncode == 1, done.stdout
    # Terraform wraps its messages and draws a line next to them.
    assert fault.message in " ".join(done.stdout.replace("│", " ").split()), done.stdout


@pytest.mark.parametrize("part", sorted({fault.part for fault in FAULTS}))
def test_a_check_succeeds_without_a_fault(part: str, tree: Path, check: Run) -> None:
    done = check("offline_checks", "--root", str(tree), part)
    assert done.returncode == 0, done.stdout
