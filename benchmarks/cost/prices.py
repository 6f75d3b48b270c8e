"""Prices: what a quantity costs a month, and where that was read (``prices.json``)."""

from datetime import date
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

FILE = Path(__file__).with_name("prices.json")


class Price(BaseModel):
    """A list price, in US dollars."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    usd: float
    per: float
    free: float
    """What of it is free each month."""
    tiers: tuple[tuple[float | None, float], ...] = ()
    """Up to where which price holds; none: ``usd`` for all."""
    source: str
    basis: str
    """What kind of source that is, and what of it is only recalled."""

    def of(self, quantity: float, *, free: bool = True) -> float:
        """Return what ``quantity`` a month costs."""
        charged = max(0.0, quantity - self.free) if free else quantity
        total, start = 0.0, 0.0
        for end, usd in self.tiers or ((None, self.usd),):
            total += max(0.0, min(charged, end or charged) - start) * usd / self.per
            start = end or charged
        return total


class Prices(BaseModel):
    """The table of prices."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    looked_up: date
    prices: dict[str, Price]

    @classmethod
    def read(cls) -> Self:
        """Read the file beside this module."""
        return cls.model_validate_json(FILE.read_bytes())

    def __getitem__(self, name: str) -> Price:
        return self.prices[name]
