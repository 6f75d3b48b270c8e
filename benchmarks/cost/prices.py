"""List prices and their sources (``prices.json``)."""

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
    """Quantity that is free each month."""
    tiers: tuple[tuple[float | None, float], ...] = ()
    """Upper end and price of each tier. Empty if ``usd`` applies to all."""
    source: str
    basis: str
    """Kind of source, and the parts that are recalled."""

    def charge(self, quantity: float, *, free: bool = True) -> float:
        """Return the price of a monthly quantity."""
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
        """Read ``prices.json``."""
        return cls.model_validate_json(FILE.read_bytes())

    def __getitem__(self, name: str) -> Price:
        return self.prices[name]
