"""A test to interrupt, which pytest runs only where it is named."""

import os
import time
from pathlib import Path

from testing.fakes.fake_gcs import fake_gcs


def test_that_lasts() -> None:
    with fake_gcs():
        Path(os.environ["READY"]).touch()
        time.sleep(600)
