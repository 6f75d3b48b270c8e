"""Holders of access: the facts that tokens and identities share."""

from schemas.holders.holder import (
    EVERYTHING,
    PUBLISH,
    READ,
    EntryTime,
    Holder,
    ProjectGlob,
    normalize_glob,
)

__all__ = [
    "EVERYTHING",
    "PUBLISH",
    "READ",
    "EntryTime",
    "Holder",
    "ProjectGlob",
    "normalize_glob",
]
