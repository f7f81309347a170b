"""text-dedup with a blank between all characters, so that its 5-grams of words are 5-grams of characters."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.protocol import Answer, drive
from benchmarks.peers.textdedup_documented import PACKAGES, prepare, work


def work_spaced(corpus: Path) -> Answer:
    return work(corpus, spaced=True)


if __name__ == "__main__":
    drive(prepare, work_spaced, PACKAGES)
