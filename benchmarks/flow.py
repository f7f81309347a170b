"""The whole flow, from a file to the published release, as the command line runs it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import CommandFailed, dedup
from benchmarks.results import FOLDER, ROOT, ensure_corpus
from benchmarks.scoring import score_clusters
from benchmarks.truth import Truth


def newest_manifest(warehouse: Path) -> dict[str, Any]:
    """Return the manifest of the newest release."""
    pointer = json.loads((warehouse / "latest.json").read_text("utf-8"))
    return json.loads((warehouse / pointer["path"] / "manifest.json").read_text("utf-8"))


def _cost(warehouse: Path, *arguments: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    cost = dedup("run", *arguments, "--warehouse", str(warehouse), cwd=warehouse.parent, env=env)
    manifest = newest_manifest(warehouse)
    return {
        "wall_s": cost.wall_s,
        "cpu_s": cost.cpu_s,
        "peak_mb": cost.peak_mb,
        "anonymous_mb": cost.anonymous_mb,
        "stages": manifest["stages"],
        "rows": {name: d["rows"] for name, d in manifest["datasets"].items()},
    }


def measure_sample() -> dict[str, Any]:
    """Run the flow on the sample pages: without validation, with it, and with Prefect."""
    sample = ["--config", str(ROOT / "data" / "sample" / "dedup.toml")]
    runs: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary)
        # The first run compiles what is not cached yet; it is not part of any figure.
        dedup("run", *sample, "--warehouse", str(folder / "warm"), "--no-prefect")
        quiet = {"DEDUP_QUALITY__ENABLED": "false"}
        runs["sample, without validation"] = _cost(folder / "a", *sample, "--no-prefect", env=quiet)
        runs["sample"] = _cost(folder / "b", *sample, "--no-prefect")
        runs["sample, with Prefect"] = _cost(folder / "c", *sample)
    return runs


def measure_pages(pages: int, seed: int = 1) -> dict[str, Any]:
    """Run the flow on generated pages with known truth, and `dedup evaluate` on its release."""
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary)
        dedup("sample", "--pages", str(pages), "--seed", str(seed), str(folder / "pages"))
        run = _cost(folder / "w", str(folder / "pages"), "--no-prefect")
        try:
            output = dedup("evaluate", str(folder / "pages"), "--warehouse", str(folder / "w"), "--json").output
        except CommandFailed as failed:
            # A release that takes one damaged number fails the evaluation; how many it takes is the figure wanted here.
            if '"passed"' not in failed.output:
                raise
            output = failed.output
    accuracy = json.loads(output[output.index("{") :])
    return {"pages": pages, **run, "accuracy": accuracy}


def measure_corpus(name: str, documents: int) -> dict[str, Any]:
    """Run the flow on a corpus and hold its release against the truth."""
    corpus, truth, bound = ensure_corpus(name, documents)
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="flow-", dir=FOLDER) as temporary:
        folder = Path(temporary)
        run = _cost(folder / "w", str(corpus), "--no-prefect")
        found = judge_release(folder / "w", truth)
    return {"documents": documents, "bound": bound, **run, **found}


def judge_release(warehouse: Path, truth: Truth) -> dict[str, Any]:
    """Return how a release over a corpus does: recall, rows tied to a canonical one, and those tied wrongly."""
    import dedup as library

    release = library.open_release(warehouse)
    rows = release.sql(
        """
        SELECT d.source_id AS row, coalesce(e.source_id, d.source_id) AS stands_for, m.cluster_id
        FROM membership m
        JOIN sections s USING (section_id) JOIN documents d USING (doc_id)
        LEFT JOIN sections t ON t.section_id = m.stands_for LEFT JOIN documents e ON e.doc_id = t.doc_id
        """
    )
    row, stands_for = (_row_numbers(rows.column(c).to_pylist()) for c in ("row", "stands_for"))
    n = release.arrow("documents", ["doc_id"]).num_rows
    label = np.arange(n)
    label[row] = stands_for
    score = score_clusters(truth, label)
    # Copies whose section is cut otherwise than its document, or that are another edition, are not the whole text.
    wrong = score.tied - score.tied_right
    return {
        "sections_clustered": rows.num_rows,
        "recall_in_clusters": score.recall,
        "tied": score.tied,
        "tied_wrong": wrong,
        "largest_cluster": int(np.bincount(label, minlength=n).max()),
    }


def _row_numbers(ids: list[str]) -> np.ndarray:
    """Return the rows that ids such as r00000017 stand for."""
    return np.array([int(value[1:]) for value in ids], dtype=np.int64)
