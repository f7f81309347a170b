"""Consistency: whether the figures of a report can all be true."""

from dedup.extraction.consistency.checking import check_consistency, flag_observations

__all__ = ["check_consistency", "flag_observations"]
