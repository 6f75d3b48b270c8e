"""Preconditions of a request on the generation and metageneration of an object.

https://cloud.google.com/storage/docs/request-preconditions
"""

from collections.abc import Mapping
from dataclasses import dataclass

from local.stand_ins.storage import errors
from local.stand_ins.storage.objects import Version


@dataclass(frozen=True, slots=True)
class Preconditions:
    """Conditions that must all hold; generation 0 means "no live object"."""

    generation_match: int | None = None
    generation_not_match: int | None = None
    metageneration_match: int | None = None
    metageneration_not_match: int | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str], prefix: str = "if") -> "Preconditions":
        """Read the preconditions of a query (prefix ``if`` or ``ifSource``).

        :raises StorageError: 400, if one is not a number.
        """

        def number(name: str) -> int | None:
            parameter = f"{prefix}{name}"
            return parse_integer(parameter, query[parameter]) if parameter in query else None

        return cls(
            number("GenerationMatch"),
            number("GenerationNotMatch"),
            number("MetagenerationMatch"),
            number("MetagenerationNotMatch"),
        )

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> "Preconditions":
        """Read the preconditions of a request to the XML API, which has only positive ones."""

        def number(name: str) -> int | None:
            return parse_integer(name, headers[name]) if name in headers else None

        return cls(
            generation_match=number("x-goog-if-generation-match"),
            metageneration_match=number("x-goog-if-metageneration-match"),
        )

    def check_write(self, live: Version | None) -> None:
        """Check the version that a request replaces or changes.

        :raises StorageError: 412, if a precondition does not hold.
        """
        if not (self._matches(live) and self._differs(live)):
            raise errors.condition_not_met()

    def check_read(self, version: Version) -> None:
        """Check the version that a request reads.

        :raises StorageError: 412, or 304 if the client already has ``version``.
        """
        if not self._matches(version):
            raise errors.condition_not_met()
        if not self._differs(version):
            raise errors.not_modified()

    def _matches(self, version: Version | None) -> bool:
        generation, metageneration = _numbers(version)
        return self.generation_match in (None, generation) and (
            self.metageneration_match in (None, metageneration)
        )

    def _differs(self, version: Version | None) -> bool:
        generation, metageneration = _numbers(version)
        return self.generation_not_match != generation and (
            self.metageneration_not_match is None or self.metageneration_not_match != metageneration
        )


NONE = Preconditions()


def _numbers(version: Version | None) -> tuple[int, int | None]:
    return (version.generation, version.metageneration) if version else (0, None)


def parse_integer(parameter: str, value: str) -> int:
    """Parse the value of a parameter.

    :raises StorageError: 400, if it is not a decimal number.
    """
    try:
        return int(value)
    except ValueError:
        raise errors.invalid(f"Invalid value for {parameter}: {value!r}", parameter) from None
