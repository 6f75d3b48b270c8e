"""Address of a stand-in for Cloud Storage, in the variable of Google's own libraries."""

import os


def find_storage_emulator() -> str | None:
    """Return ``STORAGE_EMULATOR_HOST`` without a slash at its end; None if it is unset.

    It is a URL, such as ``http://127.0.0.1:4443``.
    """
    return os.environ.get("STORAGE_EMULATOR_HOST", "").rstrip("/") or None
