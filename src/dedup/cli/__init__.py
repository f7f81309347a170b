"""The command `dedup`: a file per group of verbs."""

from dedup.cli.entry import main

__all__ = ["main"]
