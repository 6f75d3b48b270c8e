"""A test that runs until an interrupt by ``test_processes.py``."""

import os
import time
from pathlib import Path

import pytest

from testing.fakes.fake_gcs_server import run_fake_gcs


@pytest.mark.interrupted
def test_that_lasts() -> None:
    with run_fake_gcs():
        Path(os.environ["READY"]).touch()
        time.sleep(600)
