"""Memory of the upload service, by the program ``benchmarks.publish.upload_memory`` in small.

The files together are larger than the limit, so that a service with whole files in memory fails.
``CHAOS=full`` sends the files of the program, 20 GiB in all.
"""

import os
from pathlib import Path

import pytest

from benchmarks.publish import upload_memory

UPLOADS, MEBIBYTES = (20, 1024) if os.environ.get("CHAOS") == "full" else (6, 64)

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


def test_many_large_uploads_at_once_need_little_memory(tmp_path: Path) -> None:
    assert UPLOADS * MEBIBYTES > upload_memory.GOAL

    peak = upload_memory.measure_peak(UPLOADS, MEBIBYTES, tmp_path)

    assert peak.accepted == UPLOADS
    assert peak.mebibytes < upload_memory.GOAL
