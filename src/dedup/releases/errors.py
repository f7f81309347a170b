"""What can go wrong with a warehouse, one class per thing a caller can do about it."""

from __future__ import annotations

from pathlib import Path


class ReleaseError(Exception):
    """Something about a warehouse or a release; the message names the place and the way out."""


class NoRelease(ReleaseError):
    """The warehouse, or the release asked for, does not exist yet."""


class BrokenRelease(ReleaseError):
    """A pointer, manifest or data file is missing or damaged."""


class UnknownDataset(ReleaseError):
    """A dataset or column was asked for that this release does not have."""


class QueryRefused(ReleaseError):
    """The SQL is wrong, or would do more than read this release."""


class IntegrityError(ReleaseError):
    """The staged datasets contradict each other; nothing was published.

    Attributes
    ----------
    problems : one sentence for each broken rule
    kept : the folder under `rejected/` where the datasets can be looked at
    """

    def __init__(self, kept: Path, problems: list[str]) -> None:
        self.problems = problems
        self.kept = kept
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(
            f"release {kept.name} was not published, {len(problems)} of its rules are broken "
            f"(its datasets are kept in {kept}):\n{lines}"
        )


class WarehouseError(ReleaseError):
    """The warehouse cannot be written: permissions, a full disk, a missing lock."""


class WarehouseLocked(ReleaseError):
    """Another run is writing to the warehouse."""


class TombstonesUnreadable(ReleaseError):
    """What was forgotten cannot be told any more; a run would bring it back."""
