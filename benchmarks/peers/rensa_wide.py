"""rensa asked for all that the definition may hold: threshold 0.35, 32 bands of 4 values."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.protocol import Answer, drive
from benchmarks.peers.rensa_documented import prepare, work


def work_wide(corpus: Path) -> Answer:
    return work(corpus, threshold=0.35, bands=32)


if __name__ == "__main__":
    drive(prepare, work_wide, ("rensa", "pyarrow"))
