"""Memory of a run does not follow the texts: measured as anonymous memory, of all its processes, while it runs."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from benchmarks.corpora import CORPORA, write_corpus
from benchmarks.measuring import Cost, dedup

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="anonymous memory is read from /proc"),
]

#: Without validation and copies compared in Python, whose libraries take more than the smallest runs.
BARE = {"DEDUP_QUALITY__ENABLED": "false", "DEDUP_REUSE__ENABLED": "false", "DEDUP_WORKERS": "1"}


def cost_of(folder: Path, files: int, limit: str) -> tuple[Cost, float]:
    """What a run over so many files of 4,000 documents costs, and how many MB of text they have."""
    pages = folder / str(files)
    pages.mkdir()
    text_mb = 0.0
    for number in range(files):
        path = pages / f"{number}.parquet"
        write_corpus(CORPORA["words"], 4_000, path, seed=number + 1)
        text_mb += pc.sum(pc.binary_length(pq.read_table(path)["text"])).as_py() / 1e6
    environment = {**BARE, "DEDUP_MEMORY_LIMIT": limit}
    warehouse = str(folder / f"warehouse-{files}")
    return dedup("run", str(pages), "--warehouse", warehouse, "--no-prefect", "-q", env=environment), text_mb


def test_memory_grows_by_a_small_part_of_the_text(tmp_path):
    small, small_mb = cost_of(tmp_path, 6, "256MB")
    large, large_mb = cost_of(tmp_path, 14, "256MB")
    growth = (large.anonymous_mb - small.anonymous_mb) / (large_mb - small_mb)
    seen = f"{small.anonymous_mb:.0f} MB for {small_mb:.0f} MB of text, {large.anonymous_mb:.0f} for {large_mb:.0f}"
    # What is known of each section and pair stays in memory: a kilobyte or two for six of text.
    assert growth < 0.5, seen
