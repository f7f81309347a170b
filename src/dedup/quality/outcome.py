"""What one rule says of some rows, and of all rows once it was asked of every part of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: A failing row: its key, its source where it has one, and the values that the rule looked at.
Row = dict[str, Any]
#: Different values shown of those that break a rule.
SHOWN = 5


@dataclass
class Outcome:
    """What a rule says of some rows.

    Attributes
    ----------
    holds : False when rows, or the table as a whole, break it
    n_failing, n_looked_at : rows that break it; rows it looked at, known where it allows a share to fail
    rows : those that break it
    seen : some of the values that break it, or what was found of the whole table
    fault : why it could not be evaluated, None when it could
    """

    holds: bool = True
    n_failing: int = 0
    n_looked_at: int = 0
    rows: list[Row] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    fault: str | None = None

    def add(self, part: Outcome, mostly: float = 1.0) -> None:
        """Take in what the rule says of further rows; `mostly` is the share of all rows that it must hold for."""
        self.n_failing += part.n_failing
        self.n_looked_at += part.n_looked_at
        self.rows += part.rows
        self.seen = list(dict.fromkeys([*self.seen, *part.seen]))[:SHOWN]
        self.fault = self.fault or part.fault
        if mostly < 1.0:
            self.holds = self.n_failing <= (1.0 - mostly) * self.n_looked_at + 1e-9
        else:
            self.holds = self.holds and part.holds
