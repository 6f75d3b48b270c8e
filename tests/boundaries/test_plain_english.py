"""The register of the English of docstrings, comments and pages (``testing.prose``)."""

from dataclasses import astuple
from pathlib import Path

import pytest

from testing.prose import (
    Rates,
    Text,
    find_clauses,
    find_worst,
    read_markdown,
    read_python,
)

pytestmark = pytest.mark.any_python("reads texts and docstrings")

ROOT = Path(__file__).parents[2]
SKIPPED = {".venv", "__pycache__", "build", "dist"}
PACKAGES = (
    *("schemas", "checks", "chassis", "cloud", "access"),
    *("services/ingest", "services/indexer", "services/publisher", "services/proxy"),
    "cli",
    *("local", "deploy", "testing", "benchmarks", "tests"),
)
LIMITS = Rates(relative=2, pronoun=0.3, archaic=0.5, personified=2, clauses=3)


def list_files(folder: str, suffix: str) -> list[Path]:
    paths = sorted((ROOT / folder).rglob(f"*{suffix}"))
    return [path for path in paths if not SKIPPED & set(path.relative_to(ROOT).parts)]


def check_register(texts: list[Text]) -> None:
    rates = Rates.from_texts(texts)
    if any(rate > limit for rate, limit in zip(astuple(rates), astuple(LIMITS), strict=True)):
        worst = [*find_worst(texts, 20), *find_clauses(texts)[:20]]
        pytest.fail("\n".join([f"{rates} is above {LIMITS}", *worst]).replace(f"{ROOT}/", ""))


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings_and_comments_are_plain_english(package: str) -> None:
    files = list_files(package, ".py")
    assert files
    check_register([text for path in files for text in read_python(path)])


def test_readme_and_docs_are_plain_english() -> None:
    check_register([*map(read_markdown, [ROOT / "README.md", *list_files("docs", ".md")])])
