"""The conditions a request may make on an object's generation and metageneration.

https://cloud.google.com/storage/docs/request-preconditions
"""

from collections.abc import Mapping
from dataclasses import dataclass

from testing.storage import errors
from testing.storage.objects import Version


@dataclass(frozen=True, slots=True)
class Preconditions:
    """All that are given must hold. Generation 0 stands for "no live object"."""

    generation_match: int | None = None
    generation_not_match: int | None = None
    metageneration_match: int | None = None
    metageneration_not_match: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, str], prefix: str = "if", suffix: str = "") -> "Preconditions":
        """Those of a query (prefix ``if`` or ``ifSource``).

        :raises StorageError: 400, if one is not a number.
        """

        def number(name: str) -> int | None:
            parameter = f"{prefix}{name}{suffix}"
            return integer(parameter, given[parameter]) if parameter in given else None

        return cls(
            number("GenerationMatch"),
            number("GenerationNotMatch"),
            number("MetagenerationMatch"),
            number("MetagenerationNotMatch"),
        )

    @classmethod
    def of_headers(cls, headers: Mapping[str, str]) -> "Preconditions":
        """Those of a request to the XML API, which makes only the positive ones."""

        def number(name: str) -> int | None:
            return integer(name, headers[name]) if name in headers else None

        return cls(
            generation_match=number("x-goog-if-generation-match"),
            metageneration_match=number("x-goog-if-metageneration-match"),
        )

    def check_write(self, live: Version | None) -> None:
        """:raises StorageError: 412, if they do not hold of what is to be replaced or changed."""
        if not (self._matches(live) and self._differs(live)):
            raise errors.condition_not_met()

    def check_read(self, version: Version) -> None:
        """:raises StorageError: 412, or 304 if the caller already has ``version``."""
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


def integer(parameter: str, value: str) -> int:
    """Read a parameter.

    :raises StorageError: 400, if it is not a decimal number.
    """
    try:
        return int(value)
    except ValueError:
        raise errors.invalid(f"Invalid value for {parameter}: {value!r}", parameter) from None
