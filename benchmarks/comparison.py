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
from benchmarks.measuring import CommandFailed, machine, measure
from benchmarks.peers.registry import ENVIRONMENTS, PEERS, Peer
from benchmarks.results import ROOT, commit, ensure_corpus, read_result, write_result
from benchmarks.scoring import Score, score_clusters, score_pairs
from benchmarks.truth import FLOOR, Truth

#: Seconds one tool may take for one corpus.
LIMIT_S = 1200
#: Tools that take fewer CPU seconds are run several times and the best run counts: a second is the noise of a machine.
QUICK_S = 15
REPEATS = 5
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


def compare(environments: Path, documents: int, only: list[str] | None = None) -> None:
    """Run all tools on corpora (a) and (b); a tool that cannot be run is named with its reason.

    Each tool's figures are kept as soon as they are there, so a run that is broken off loses nothing.

    Parameters
    ----------
    environments : folder of the environments
    only : names of the tools to run; of the others the figures of an earlier run over as many documents stay
    """
    for name in ("words", "templates"):
        tools = [p for p in PEERS if name in p.corpora and (not only or p.name in only)]
        if not tools:
            continue
        corpus, truth, bound = ensure_corpus(name, documents)
        assert bound < FLOOR, f"unrelated documents of corpus {name} might meet the definition"
        facts = {"bound": bound, "pairs": int(truth.meets.sum()), "of_one_work": int(truth.a.size)}
        for peer in tools:
            print(f"{name}: {peer.name}", flush=True)
            _keep(documents, name, facts, peer.name, _figures(peer, environments, corpus, truth, documents))


def _figures(peer: Peer, environments: Path, corpus: Path, truth: Truth, documents: int) -> dict[str, Any]:
    try:
        if peer.environment is None:
            python = Path(sys.executable)
            tiny, tiny_truth, _ = ensure_corpus("words", 60)
            # Compiles what is not cached yet; what a first call costs with a cache is measured apart.
            run_driver(peer, python, tiny, tiny_truth, 60)
        else:
            python = ensure_environment(ENVIRONMENTS[peer.environment], environments)
        runs = [run_driver(peer, python, corpus, truth, documents)]
        while runs[0]["cpu_s"] < QUICK_S and len(runs) < REPEATS:
            runs.append(run_driver(peer, python, corpus, truth, documents))
        return min(runs, key=lambda figures: float(figures["cpu_s"]))
    except NotInstalled as error:
        return {"failed": f"not installed: {error}"}
    except CommandFailed as error:
        return {"failed": error.reason}


def _keep(documents: int, corpus: str, facts: dict[str, Any], tool: str, figures: dict[str, Any]) -> None:
    kept = read_result("peers") or {}
    corpora = kept["corpora"] if kept.get("documents") == documents else {}
    tools = corpora.get(corpus, {}).get("tools", {})
    corpora[corpus] = {**facts, "tools": {**tools, tool: {**figures, "commit": commit()}}}
    write_result("peers", {"machine": machine(), "documents": documents, "corpora": corpora})
