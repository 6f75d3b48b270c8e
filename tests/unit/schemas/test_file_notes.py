import json

import pytest

from schemas import layout
from schemas.file_notes import FileNotes, encode_notes, read_file_notes


def test_notes_are_read_from_custom_metadata() -> None:
    metadata = {
        layout.WARNINGS: encode_notes(["bad-metadata: é"], 100),
        layout.STARTUP_CODE: encode_notes(["acme.pth", "a,b.pth"], 100),
        layout.SHA256: "a" * 64,
    }
    assert read_file_notes(metadata) == FileNotes(("bad-metadata: é",), ("acme.pth", "a,b.pth"))


def test_absent_notes_are_empty() -> None:
    """Older releases wrote no notes on startup code."""
    assert read_file_notes({}) == FileNotes()
    assert read_file_notes({layout.WARNINGS: "[]"}) == FileNotes()


@pytest.mark.parametrize("text", ["", "no JSON", "%5B%5D", "7", '{"a": 1}', "[" * 5000, "null"])
def test_notes_in_another_form_are_read_as_empty(text: str) -> None:
    assert read_file_notes({layout.WARNINGS: text, layout.STARTUP_CODE: text}) == FileNotes()


def test_items_that_are_no_text_are_left_out() -> None:
    assert read_file_notes({layout.WARNINGS: '[1, "two", null, ["three"]]'}).warnings == ("two",)


def test_notes_are_ascii_and_dropped_from_the_end_until_they_fit() -> None:
    notes = ["naïve", "日本", "\x1b[31m🐍", "x" * 50]
    whole = encode_notes(notes, 1000)
    assert whole.isascii()
    assert whole.isprintable()
    assert json.loads(whole) == notes
    assert json.loads(encode_notes(notes, len(whole) - 1)) == notes[:3]
    assert encode_notes(notes, 10) == "[]"


def test_the_time_does_not_depend_on_the_number_of_notes() -> None:
    assert encode_notes(["note"] * 1_000_000, 24) == '["note", "note", "note"]'
