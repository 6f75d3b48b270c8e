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

SOURCE = '''"""Module of ``what`` and `who`.

Nobody knows
what it does.
"""

LIMIT = 1
"""Whether it is on."""

# One block,
# of whose lines
print("what")  # the end
# a second block
'''


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "module.py"
    path.write_text(SOURCE, "utf-8")
    return path


def write_page(folder: Path, text: str) -> Text:
    path = folder / "page.md"
    path.write_text(text, "utf-8")
    return read_markdown(path)


def test_docstrings_and_blocks_of_comments_are_read_with_their_lines(module: Path) -> None:
    texts = [(text.line, text.is_docstring) for text in read_python(module)]

    assert texts == [(1, True), (8, True), (10, False)]


def test_code_in_docstrings_is_left_out(module: Path) -> None:
    [text, *_] = read_python(module)

    assert text.count_hits("relative") == 1


def test_code_and_quotations_in_a_page_are_left_out(tmp_path: Path) -> None:
    page = "`what`\n\n```console\n$ who\n```\n\n> Nobody.\n\nHe said “upon”. Whose?\n"
    text = write_page(tmp_path, page)

    assert text.count_hits("relative") == 1
    assert text.count_hits("pronoun") == 0
    assert text.count_hits("archaic") == 0
    assert text.words == 3


def test_a_sentence_has_the_line_of_its_first_word(tmp_path: Path) -> None:
    text = write_page(tmp_path, "# Title\n\nOne\nword. Two\nwords.\n")

    assert list(text.split_sentences())[:3] == [(1, "# Title"), (3, "One word."), (4, "Two words.")]


def test_rates_are_per_thousand_words_and_per_cent_of_docstrings() -> None:
    path = Path("a.py")
    texts = [
        Text(path, 1, "Whether it stands. " + "word " * 497, is_docstring=True),
        Text(path, 2, "Nobody anew. " + "word " * 498, is_docstring=True),
    ]

    assert Rates.from_texts(texts) == Rates(
        relative=0, pronoun=1, archaic=1, personified=1, clauses=50
    )


def test_no_text_has_no_hits() -> None:
    assert Rates.from_texts([]) == Rates(0, 0, 0, 0, 0)


def test_the_worst_sentences_come_first_with_file_and_line(module: Path) -> None:
    texts = list(read_python(module))

    assert find_worst(texts, 9) == [
        f"{module}:3: Nobody knows what it does.",
        f"{module}:10: One block, of whose lines the end a second block",
    ]
    assert find_worst(texts, 1) == [f"{module}:3: Nobody knows what it does."]
    assert find_clauses(texts) == [f"{module}:8: Whether it is on."]
