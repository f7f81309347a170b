"""This project and other tools on the same corpora, one process each."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.environments import NotInstalled, ensure_environment
from benchmarks.measuring import CommandFailed, measure
from benchmarks.peers.registry import ENVIRONMENTS, PEERS, Peer
from benchmarks.results import ROOT, ensure_corpus
from benchmarks.scoring import Score, score_clusters, score_pairs
from benchmarks.truth import FLOOR, Truth

#: Seconds one tool may take for one corpus.
LIMIT_S = 900
QUIET = {"TQDM_DISABLE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "PYTHONPATH": str(ROOT)}


def score_answer(truth: Truth, documents: int, answer: Path) -> Score:
    """Score what a driver wrote."""
    with np.load(answer) as stored:
        if "pairs" in stored:
            return score_pairs(truth, documents, stored["pairs"][:, 0], stored["pairs"][:, 1])
        return score_clusters(truth, stored["label"])


def run_driver(peer: Peer, python: Path, corpus: Path, truth: Truth, documents: int) -> dict[str, Any]:
    """Run one tool on one corpus and return its figures and its score."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = Path(folder) / "answer"
        command = [str(python), "-m", f"benchmarks.peers.{peer.driver}", str(corpus), str(out)]
        cost = measure(command, cwd=ROOT, env=QUIET, timeout_s=LIMIT_S)
        figures = json.loads(out.with_suffix(".json").read_text("utf-8"))
        score = score_answer(truth, documents, out.with_suffix(".npz"))
    return {**figures, "peak_mb": cost.peak_mb, "anonymous_mb": cost.anonymous_mb, "score": asdict(score)}


def compare(
    environments: Path, documents: int, only: list[str] | None = None, kept: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Run all tools on corpora (a) and (b); a tool that cannot be run is named with its reason.

    Parameters
    ----------
    environments : folder of the environments
    only : names of the tools to run; of the others the figures in `kept` stay
    """
    result: dict[str, Any] = {"documents": documents, "corpora": {}}
    for name in ("words", "templates"):
        corpus, truth, bound = ensure_corpus(name, documents)
        assert bound < FLOOR, f"unrelated documents of corpus {name} might meet the definition"
        rows: dict[str, Any] = dict(kept["corpora"][name]["tools"]) if kept else {}
        for peer in PEERS:
            if name not in peer.corpora or (only and peer.name not in only):
                continue
            print(f"{name}: {peer.name}", flush=True)
            try:
                python = (
                    Path(sys.executable)
                    if peer.environment is None
                    else ensure_environment(ENVIRONMENTS[peer.environment], environments)
                )
                if peer.environment is None:
                    # Compiles what is not cached yet; what a first call costs with a cache is measured apart.
                    run_driver(peer, python, *_tiny(), 60)
                rows[peer.name] = run_driver(peer, python, corpus, truth, documents)
            except (NotInstalled, CommandFailed) as error:
                rows[peer.name] = {"failed": str(error)[-1500:]}
        expected = int(truth.meets.sum())
        result["corpora"][name] = {"bound": bound, "pairs": expected, "of_one_work": int(truth.a.size), "tools": rows}
    return result


def _tiny() -> tuple[Path, Truth]:
    path, truth, _ = ensure_corpus("words", 60)
    return path, truth
