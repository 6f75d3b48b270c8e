"""Notes of ingest on a promoted file, stored as custom metadata of its object.

They are no facts of the file: the rules and the policy of the time decided on them. So they are not
in the record, and a file that an older release promoted has fewer or none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas import layout


@dataclass(frozen=True, slots=True)
class FileNotes:
    """Notes on one file."""

    warnings: tuple[str, ...] = ()
    """Warnings of the verdict; each begins with its reason code."""
    startup_code: tuple[str, ...] = ()
    """Members with code that Python executes before the program, for example ``acme.pth``."""


def read_file_notes(metadata: Mapping[str, str]) -> FileNotes:
    """Read the notes in the custom metadata of a promoted object; absent ones are empty.

    A value that is not a JSON array of texts is also read as empty: ingest did not write it, and
    installers do not depend on it.
    """
    return FileNotes(
        warnings=_decode(metadata.get(layout.WARNINGS, "")),
        startup_code=_decode(metadata.get(layout.STARTUP_CODE, "")),
    )


def encode_notes(notes: Sequence[str], max_size: int) -> str:
    """Return one kind of notes as a JSON array in ASCII, of at most ``max_size`` bytes.

    It has the first notes that fit. The time does not depend on the number of notes.
    """
    text = ""
    for note in notes:
        longer = f"{text}, {json.dumps(note)}" if text else json.dumps(note)
        if len(longer) + len("[]") > max_size:
            break
        text = longer
    return f"[{text}]"


def _decode(text: str) -> tuple[str, ...]:
    try:
        notes = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return ()
    if not isinstance(notes, list):
        return ()
    return tuple(note for note in notes if isinstance(note, str))
