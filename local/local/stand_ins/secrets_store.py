"""Store of the Secret Manager stand-in, in a file that keeps tokens over ``local-down``."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from local.private_files import write_private


@dataclass(slots=True)
class StoredVersion:
    """Version of a secret."""

    data: bytes
    state: str = "ENABLED"
    """ENABLED, DISABLED or DESTROYED."""


class SecretsStore:
    """All secrets: their versions in order of creation, by the full name of the secret.

    :param path: file of the store; None keeps the secrets in memory only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.secrets: dict[str, list[StoredVersion]] = {}
        if path is not None and path.exists():
            self.secrets = _decode(path.read_text())

    def save(self) -> None:
        """Write the file atomically, readable only by its owner."""
        if self._path is not None:
            write_private(self._path, _encode(self.secrets))


def _encode(secrets: dict[str, list[StoredVersion]]) -> str:
    document = {
        name: [{"state": v.state, "data": base64.b64encode(v.data).decode()} for v in versions]
        for name, versions in secrets.items()
    }
    return json.dumps(document, indent=1)


def _decode(text: str) -> dict[str, list[StoredVersion]]:
    return {
        name: [StoredVersion(base64.b64decode(v["data"]), v["state"]) for v in versions]
        for name, versions in json.loads(text).items()
    }
