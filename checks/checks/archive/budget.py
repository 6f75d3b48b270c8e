"""How much an archive may unpack to, added up from what its headers declare."""

from checks.policy import MIB, Policy
from checks.refusal import Reason, Refused

FREE_SIZE = 64 * MIB
"""Up to this size an archive may compress as well as it likes."""
MAX_RATIO = 50
"""Bytes unpacked per byte packed, over the whole archive, beyond `FREE_SIZE`."""


class Budget:
    """Counts members and bytes *before* they are inflated, and refuses once they are too many.

    `size` is that of the whole file. With it, an archive that could still make up for a very
    compressible first member is given the chance, and one that cannot is refused at that member's
    header. Without it the ratio is judged by what has been declared so far.
    """

    def __init__(self, policy: Policy, reason: Reason, size: int | None = None) -> None:
        self._policy = policy
        self._reason = reason
        self._size = size
        self._members = 0
        self._packed = 0
        self._unpacked = 0

    def admit(self, where: str, *, packed: int, unpacked: int) -> None:
        """Count one more member, of the sizes that its header declares."""
        self._members += 1
        if self._members > self._policy.max_members:
            raise Refused(
                self._reason,
                f"more than {self._policy.max_members} members (MAX_MEMBERS), from {where} on",
            )
        self.spend(where, packed=packed, unpacked=unpacked)

    def spend(self, where: str, *, packed: int, unpacked: int) -> None:
        """Count bytes that belong to no further member."""
        self._packed += packed
        self._unpacked += unpacked
        if self._unpacked > self._policy.max_unpacked_size:
            raise Refused(
                self._reason,
                f"with {where} it unpacks to {self._unpacked} bytes, more than the"
                f" {self._policy.max_unpacked_size} allowed (MAX_UNPACKED_SIZE)",
            )
        self._judge(where, max(self._packed, self._size or 0))

    def foresee(self, where: str, *, unpacked: int) -> None:
        """Refuse already now what would be too much once so many bytes more were unpacked."""
        self.spend(where, packed=0, unpacked=unpacked)
        self._unpacked -= unpacked

    def settle(self) -> None:
        """Judge the ratio of the whole archive, now that every member is counted."""
        self._judge("its last member", self._packed)

    def _judge(self, where: str, packed: int) -> None:
        if self._unpacked > max(FREE_SIZE, MAX_RATIO * packed):
            raise Refused(
                self._reason,
                f"with {where} it unpacks to {self._unpacked} bytes, more than {MAX_RATIO} times"
                f" its compressed size ({packed} bytes)",
            )
