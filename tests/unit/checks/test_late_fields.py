"""Fields of core metadata after the blank line (`header_fields.find_late_field`)."""

import pytest

from checks.distribution import read_core_metadata
from testing.corpus.wheels import METADATA


def _warning(line: int, text: str) -> tuple[str, ...]:
    return (
        f"line {line} is '{text}', but the blank line 5 ends the fields: installers read it as the"
        " description. Remove the blank line.",
    )


@pytest.mark.parametrize(
    ("body", "line", "text"),
    [
        (b"Requires-Dist: x>1\n", 6, "Requires-Dist: x>1"),
        (b"Requires-Dist: x>1", 6, "Requires-Dist: x>1"),
        (b"\n\nrequires-dist:x\n\nHello\n", 8, "requires-dist:x"),
        (b"License: MIT\nRequires-Python: >=3\n", 6, "License: MIT"),
        (b"  The MIT License\n\n  Permission is granted\nClassifier: a\n", 9, "Classifier: a"),
        (b"Hello\nProvides-Extra: y\n", 7, "Provides-Extra: y"),
        (b"UNKNOWN\n\nRequires-Python: >=3\n", 8, "Requires-Python: >=3"),
    ],
)
def test_a_field_at_the_beginning_of_the_description_is_a_warning(
    body: bytes, line: int, text: str
) -> None:
    assert read_core_metadata(METADATA + b"\n" + body).objections == _warning(line, text)


def test_a_field_after_a_blank_line_with_carriage_return_is_a_warning() -> None:
    data = (METADATA + b"\nRequires-Dist: x\n").replace(b"\n", b"\r\n")
    assert read_core_metadata(data).objections == _warning(6, "Requires-Dist: x")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"# Acme\n\nNote: Requires-Dist: x\n",
        b"# Acme\n\nVersion: 1.0 is out.\n",
        b"# Acme\n\n```\nRequires-Dist: x\n```\n",
        b"# Acme\n\n    Requires-Dist: x\n",
        b"Example::\n\n  Requires-Dist: x\n",
        b"Description:\n\nAcme does things.\n",
        b":Author: Acme\n",
        b"# Acme\n" * 50 + b"Requires-Dist: x\n",
    ],
)
def test_a_description_with_fields_in_its_text_is_no_warning(body: bytes) -> None:
    assert read_core_metadata(METADATA + b"\n" + body).objections == ()
