"""The loads (``benchmarks/load``) in a small form: each service answers, and recovers."""

from pathlib import Path

from chaos.load.small_form import run_small_form

OPTIONS = (
    *("--files=4", "--mebibytes=2", "--pushes=8", "--large=20"),
    *("--connections=20", "--seconds=1", "--uploads=5", "--recovery=600"),
)


def test_small_loads_have_only_expected_answers(tmp_path: Path) -> None:
    printed = run_small_form("benchmarks.load", OPTIONS, tmp_path)
    assert "\n0 goals missed\n" in printed
    rows = [line.split(" | ") for line in printed.splitlines() if line.startswith("| ")][1:]
    names = ["ingest", "indexer", "indexer", "indexer", "publisher", "web", "proxy", "upload"]
    assert [row[0].removeprefix("| ") for row in rows] == names
    answers = [row[2] for row in rows]
    assert answers[:6] == ["204: 4", *["204: 8"] * 5]
    assert answers[6].startswith("200: ")
    assert answers[7] == "200: 5"
