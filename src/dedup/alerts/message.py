"""What is told about a run, before it takes the form that a messenger wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dedup.alert_settings import Occasion

#: How serious a message is: what a messenger colours it by.
SERIOUS: dict[Occasion, int] = {"published": 0, "alarm": 1, "rejected": 2, "failed": 2}


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes
    ----------
    occasions : what happened; a release can be published and raise an alarm
    title : one line
    lines : further lines, plain text; they may quote pages and names of sources, which strangers wrote
    at : when
    facts : the same for programs: JSON values by name
    """

    occasions: tuple[Occasion, ...]
    title: str
    lines: tuple[str, ...]
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seriousness(self) -> int:
        """0 for good news, 1 for something to look at, 2 for something that stopped."""
        return max((SERIOUS[occasion] for occasion in self.occasions), default=0)
