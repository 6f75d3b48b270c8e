"""The whole system under fire: kills, stops, faults, jumps of a clock, the previous release.

``CHAOS=full`` (``make chaos``) runs ten seeds, five of them random. ``CHAOS_SEED=n`` runs one. See
README.md in the folder above.
"""

import os
from pathlib import Path
from random import SystemRandom

import pytest

from chaos.whole_system.whole_run import IS_FULL, SIZE, run_seed
from testing.compatibility.history import HistoryUnavailable

FIXED = (1, 2, 3, 4, 5) if IS_FULL else (2,)
RANDOM = 5 if IS_FULL else 0
GIVEN = os.environ.get("CHAOS_SEED")
SEEDS = [GIVEN] if GIVEN else [*map(str, FIXED), *(f"random-{n + 1}" for n in range(RANDOM))]


@pytest.mark.parametrize("name", SEEDS)
def test_nothing_is_lost_whatever_dies(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = SystemRandom().randrange(10**6) if name.startswith("random") else int(name)
    print(f"seed {seed}")
    try:
        report = run_seed(tmp_path, seed, SIZE)
    except HistoryUnavailable as reason:
        pytest.skip(str(reason))
    with capsys.disabled():
        print(f"\n{report}")
    assert not report.differences, report.explain()
