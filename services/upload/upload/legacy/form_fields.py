"""Text fields of a form: their limits, and the few that are claims about the file."""

from dataclasses import dataclass, field

from upload.http.errors import BadForm

MIB = 1024 * 1024
_LONGEST_FIELD = 1 * MIB
_LONGEST_DESCRIPTION = 8 * MIB
"""Bytes of the README, which the service ignores: the one in the file counts."""
_LONGEST_CLAIM = 1024
_LONGEST_NAME = 256
"""Characters of the name of a field. The names of a form are in memory."""
_MOST_REPETITIONS = 64
"""Maximum number of fields with one name, such as ``classifiers``."""
_KEPT = frozenset(
    {":action", "protocol_version", "name", "version", "filetype", "sha256_digest", "filename"}
)
_IGNORED = {
    "attestations": "attestations are not stored",
    "gpg_signature": "signatures are not stored",
}


@dataclass(frozen=True, slots=True)
class FormClaims:
    """Fields of a form that must agree with the file. Empty: the form lacks the field."""

    name: str = ""
    version: str = ""
    filetype: str = ""
    sha256: str = ""
    filename: str = ""
    """Name of the file, in a form without the file (direct publication)."""


@dataclass(slots=True)
class FormFields:
    """Counter of the text fields of one form. It keeps only the claims."""

    warnings: list[str]
    """Receives a sentence for each part that the service ignores."""
    _counts: dict[str, int] = field(default_factory=dict)
    _values: dict[str, bytearray] = field(default_factory=dict)
    _name: str = ""
    _size: int = 0

    def start_field(self, name: str) -> None:
        """Count a field.

        :raises BadForm: if the name is too long, or if there are too many fields with it.
        """
        if len(name) > _LONGEST_NAME:
            raise BadForm(
                f"the name of the field {name[:100]!a} is over {_LONGEST_NAME} characters"
            )
        self._name, self._size = name, 0
        count = self._counts[name] = self._counts.get(name, 0) + 1
        if count > _MOST_REPETITIONS:
            raise BadForm(f"the form has more than {_MOST_REPETITIONS} fields {name[:100]!a}")
        if name in _KEPT and count > 1:
            raise BadForm(f"the form has the field {name} twice")
        if name in _KEPT:
            self._values[name] = bytearray()
        if name in _IGNORED and count == 1:
            self.warnings.append(_IGNORED[name])

    def add_data(self, data: bytes) -> None:
        """Add a piece of the value of the current field.

        :raises BadForm: if the value is too long.
        """
        self._size += len(data)
        limit = _LONGEST_DESCRIPTION if self._name == "description" else _LONGEST_FIELD
        limit = _LONGEST_CLAIM if self._name in _KEPT else limit
        if self._size > limit:
            raise BadForm(f"the field {self._name[:100]!a} has more than {limit} bytes")
        if self._name in _KEPT:
            self._values[self._name] += data

    def read_claims(self) -> FormClaims:
        """Return the claims so far.

        :raises BadForm: if the form is not the upload of a file, or a claim is not UTF-8.
        """
        action, version = self._read(":action"), self._read("protocol_version")
        if action != "file_upload" or version not in ("", "1"):
            raise BadForm(
                "the form needs the field :action=file_upload before the file, and"
                " protocol_version=1: publish with a tool such as uv or twine"
            )
        return FormClaims(
            name=self._read("name"),
            version=self._read("version"),
            filetype=self._read("filetype"),
            sha256=self._read("sha256_digest").lower(),
            filename=self._read("filename"),
        )

    def _read(self, name: str) -> str:
        try:
            return self._values.get(name, b"").decode().strip()
        except UnicodeDecodeError:
            raise BadForm(f"the field {name} is not UTF-8") from None
