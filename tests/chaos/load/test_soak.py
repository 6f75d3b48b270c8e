"""The soak (``benchmarks/soak``) in a small form: its command runs, without an error."""

from pathlib import Path

from chaos.load.small_form import run_small_form

OPTIONS = ("--minutes=0.1", "--period=2", "--interval=0.5", "--uploads=2", "--reads=20")


def test_a_short_soak_has_no_errors(tmp_path: Path) -> None:
    printed = run_small_form("benchmarks.soak", OPTIONS, tmp_path)
    assert "\n0 errors\n" in printed
    for way in ("bucket", "bucket and message", "upload service"):
        assert f" uploads by {way} (" in printed
    for name in ("ingest", "indexer", "publisher", "catalog", "web", "proxy", "upload", "storage"):
        assert f"\n| {name} | " in printed
