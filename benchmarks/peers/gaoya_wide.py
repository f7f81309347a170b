"""gaoya asked for all that the definition may hold: threshold 0.35, 42 bands of 3 hashes (the bands it documents)."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.gaoya_documented import prepare, work
from benchmarks.peers.protocol import Answer, drive


def work_wide(corpus: Path) -> Answer:
    return work(corpus, threshold=0.35, bands=42, rows=3)


if __name__ == "__main__":
    drive(prepare, work_wide, ("gaoya", "pyarrow"))
