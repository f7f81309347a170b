"""text-dedup: the command `python -m text_dedup.minhash` over a local dataset, with n-grams of words as it cuts them.

Its words are runs of `\\w`, so a Chinese clause is one word; `textdedup_spaced` puts blanks between the characters.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.peers.protocol import Answer, drive

PACKAGES = ("text-dedup", "datasets", "numpy", "pyarrow")


def prepare() -> None:
    # Nothing is downloaded, and intermediate files of `datasets` do not outlive the run.
    os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=tempfile.mkdtemp(prefix="bench-textdedup-"))
    import text_dedup.minhash  # noqa: F401


def work(corpus: Path, *, spaced: bool = False) -> Answer:
    from datasets import Dataset
    from text_dedup import minhash

    with tempfile.TemporaryDirectory(prefix="bench-textdedup-") as folder:
        data = Dataset.from_parquet(str(corpus), cache_dir=f"{folder}/parquet")
        n = len(data)
        if spaced:
            data = data.map(lambda row: {"text": " ".join(row["text"])})
        data.save_to_disk(f"{folder}/in")
        options = {"path": f"{folder}/in", "output": f"{folder}/out", "cache_dir": f"{folder}/cache", "column": "text"}
        options |= {"num_proc": "1", "num_perm": "128", "threshold": "0.7", "ngram": "5", "min_length": "1"}
        command = ["--local", *(part for name, value in options.items() for part in (f"--{name}", value))]
        minhash.main(command, standalone_mode=False)
    return {"label": np.array([minhash.uf.find(row) for row in range(n)], dtype=np.int64)}


if __name__ == "__main__":
    drive(prepare, work, PACKAGES)
