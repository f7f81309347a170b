"""Where benchmarks keep what they made and measured: a folder that git ignores."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.corpora import CORPORA, write_corpus
from benchmarks.truth import Truth, bound_unrelated, find_truth

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".bench"


def write_result(part: str, value: dict[str, Any]) -> None:
    """Keep what a part measured, with the date and the commit it was measured at."""
    folder = FOLDER / "results"
    folder.mkdir(parents=True, exist_ok=True)
    stamped = {"date": datetime.now(UTC).date().isoformat(), "commit": commit(), **value}
    (folder / f"{part}.json").write_text(json.dumps(stamped, indent=1, ensure_ascii=False), "utf-8")


def read_result(part: str) -> dict[str, Any] | None:
    """Return what a part measured last, None if it never ran."""
    path = FOLDER / "results" / f"{part}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def commit() -> str:
    """Return the short name of the commit that is checked out, with a plus sign when sources differ from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    name = git("rev-parse", "--short", "HEAD")
    return (name or "unknown") + ("+" if git("status", "--porcelain", "--", "src") else "")


def ensure_corpus(name: str, documents: int, seed: int = 1) -> tuple[Path, Truth, float]:
    """Return a corpus, its truth and the bound of the similarity of unrelated documents; made when not there yet."""
    folder = FOLDER / "corpora"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{documents}-{seed}.parquet"
    kept = path.with_suffix(".truth.npz")
    plan = repr(CORPORA[name])
    if kept.exists():
        with np.load(kept) as stored:
            if str(stored["plan"]) == plan:
                truth = Truth(*(stored[f] for f in ("a", "b", "jaccard", "edit_similarity", "meets", "identical")))
                return path, truth, float(stored["bound"])
    # Under another name until it is whole: a run that is broken off, or another one beside it, finds no half of it.
    unfinished = path.with_suffix(f".{os.getpid()}")
    work = write_corpus(CORPORA[name], documents, unfinished, seed)
    unfinished.replace(path)
    truth = find_truth(path, work)
    bound = bound_unrelated(path, work, truth.identical)
    np.savez(kept, plan=plan, bound=bound, **truth.__dict__)
    return path, truth, bound
