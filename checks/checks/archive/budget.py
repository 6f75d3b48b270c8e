"""Limits on the members and the unpacked size of an archive, checked on its headers."""

from checks.policy import MIB, Policy
from checks.refusal import Reason, Refused

FREE_SIZE = 64 * MIB
"""Unpacked size up to which any compression ratio is allowed, in bytes."""
MAX_RATIO = 50
"""Maximum ratio of unpacked to packed bytes, over the whole archive, above `FREE_SIZE`."""


class Budget:
    """Counter of members and bytes; it refuses an archive *before* its data is inflated.

    `size` is the size of the whole file. With it, a very compressible first member is allowed if
    the rest of the file can compensate for it. Otherwise that member's header is refused. Without
    `size` the ratio is computed from the headers up to that point.
    """

    def __init__(self, policy: Policy, reason: Reason, size: int | None = None) -> None:
        self._policy = policy
        self._reason = reason
        self._size = size
        self._members = 0
        self._packed = 0
        self._unpacked = 0

    def add_member(self, where: str, *, packed: int, unpacked: int) -> None:
        """Count one more member with the sizes in its header."""
        self._members += 1
        if self._members > self._policy.max_members:
            raise Refused(
                self._reason,
                f"{where}: the archive has more than {self._policy.max_members} members"
                " (MAX_MEMBERS). Split the project, or have the limit raised.",
            )
        self.add_bytes(where, packed=packed, unpacked=unpacked)

    def add_bytes(self, where: str, *, packed: int, unpacked: int) -> None:
        """Count bytes without counting a member."""
        self._packed += packed
        self._unpacked += unpacked
        if self._unpacked > self._policy.max_unpacked_size:
            raise Refused(
                self._reason,
                f"{where}: up to here the archive unpacks to {self._unpacked} bytes; the limit is"
                f" {self._policy.max_unpacked_size} bytes (MAX_UNPACKED_SIZE). Leave data out of"
                " the project, or have the limit raised.",
            )
        self._check_ratio(where, max(self._packed, self._size or 0))

    def check_bytes(self, where: str, *, unpacked: int) -> None:
        """Refuse bytes that would exceed a limit, without counting them."""
        self.add_bytes(where, packed=0, unpacked=unpacked)
        self._unpacked -= unpacked

    def check_total(self) -> None:
        """Check the ratio of the whole archive, after its last member."""
        self._check_ratio("last member", self._packed)

    def _check_ratio(self, where: str, packed: int) -> None:
        if self._unpacked > max(FREE_SIZE, MAX_RATIO * packed):
            raise Refused(
                self._reason,
                f"{where}: up to here the archive unpacks to {self._unpacked} bytes, more than"
                f" {MAX_RATIO} times its compressed size of {packed} bytes. Leave compressible"
                " data out of the project.",
            )
