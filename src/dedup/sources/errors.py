"""What can go wrong with a source, for callers who want to act on it."""

from __future__ import annotations


class SourceError(ValueError):
    """A source cannot be used at all; the message names it and says what to do.

    Bad *input* never raises this: what cannot be read inside a source goes to quarantine and the run goes on.
    """


class Refused(Exception):
    """One file or record is refused: `rule` is the short name for quarantine, `reason` a sentence for a person."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule
        self.reason = reason
