"""A test that runs until it is interrupted: ``test_processes.py`` does so."""

import os
import time
from pathlib import Path

import pytest

from testing.fakes.fake_gcs_server import fake_gcs


@pytest.mark.interrupted
def test_that_lasts() -> None:
    with fake_gcs():
        Path(os.environ["READY"]).touch()
        time.sleep(600)
