"""One report per record, for benchmarks: `write_corpus`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.evaluation.planting import Damage, Plan, Shares
from dedup.evaluation.reference import Definition, similarities
from dedup.evaluation.report_writer import ReportWriter

CORPUS = pa.schema([("doc_id", pa.string()), ("text", pa.string())])
CORPUS_PAIRS = pa.schema(
    [
        ("doc_a", pa.string()),
        ("doc_b", pa.string()),
        ("jaccard", pa.float64()),
        ("edit_similarity", pa.float64()),
        ("edit_rate", pa.float64()),
        ("meets", pa.bool_()),
        ("label", pa.string()),
    ]
)
_ROW_GROUP = 10_000


@dataclass(frozen=True)
class CorpusTruth:
    """What was written: `path` holds the records, `pairs` every two that stem from one report."""

    path: Path
    pairs: Path
    documents: int
    originals: int
    true_pairs: int


def write_corpus(
    out_parquet: Path,
    documents: int,
    seed: int,
    *,
    chars: int = 2000,
    edits: tuple[float, float] = (0.02, 0.10),
    scattered: float = 1.0,
    shared_templates: bool = True,
    copies_share: float = 0.25,
    measure: bool = True,
) -> CorpusTruth:
    """Write records (doc_id, text) of about `chars` characters, a share of them edited copies of others.

    Parameters
    ----------
    out_parquet : file to write; the true pairs go beside it as `<name>.pairs.parquet` (doc_a < doc_b, jaccard,
        edit_similarity, edit_rate, meets, label)
    documents : number of records
    seed : the same seed gives the same records everywhere
    edits : range of the share of characters edited in a copy, drawn uniformly
    scattered : share of the copies that are edited at random places; the rest are edited in one piece
    shared_templates : whether unrelated reports share set phrases
    copies_share : share of the records that are copies
    measure : compute the exact similarities of the true pairs; else they are null

    Raises
    ------
    ValueError
        `documents` is below 1.
    """
    if documents < 1:
        raise ValueError(f"documents: expected at least 1, got {documents}")
    writer = ReportWriter(seed, chars, templates=shared_templates, fixed_length=True)
    damage = Damage(edits, scattered, untouched=0.0, mostly_small=False, site=False)
    plan = Plan(seed, documents, writer, Shares(essays=0.0, copies=copies_share, editions=0.0, planted=0.0), damage)
    out_parquet.parent.mkdir(parents=True, exist_ok=True)
    width = len(str(documents - 1))
    with pq.ParquetWriter(out_parquet, CORPUS, compression="zstd") as file:
        for start in range(0, documents, _ROW_GROUP):
            numbers = range(start, min(start + _ROW_GROUP, documents))
            ids = [f"{n:0{width}d}" for n in numbers]
            file.write_table(pa.table([ids, [plan.section(n).plain for n in numbers]], schema=CORPUS))
    rows: list[tuple[Any, ...]] = []
    order = np.argsort(plan.works, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(plan.works[order])) + 1):
        if len(members) > 1:
            rows += _pairs_of_work(plan, sorted(members.tolist()), width, measure=measure)
    pairs_path = out_parquet.with_name(f"{out_parquet.stem}.pairs.parquet")
    rows.sort()
    arrays = [
        pa.array(column, type=f.type)
        for column, f in zip(zip(*rows, strict=True) if rows else [[]] * len(CORPUS_PAIRS), CORPUS_PAIRS, strict=True)
    ]
    pq.write_table(pa.table(arrays, schema=CORPUS_PAIRS), pairs_path, compression="zstd")
    return CorpusTruth(out_parquet, pairs_path, documents, len(plan.originals), len(rows))


def _pairs_of_work(plan: Plan, members: list[int], width: int, *, measure: bool) -> list[tuple[Any, ...]]:
    made = {n: plan.section(n) for n in members}
    pairs = [(a, b) for i, a in enumerate(members) for b in members[i + 1 :]]
    measured = similarities((made[a].plain, made[b].plain) for a, b in pairs) if measure else None
    rows = []
    for k, (a, b) in enumerate(pairs):
        jaccard, edit = measured[k] if measured is not None else (None, None)
        rows.append(
            (
                f"{a:0{width}d}",
                f"{b:0{width}d}",
                jaccard,
                edit,
                1 - (1 - made[a].edit_rate) * (1 - made[b].edit_rate),
                Definition().holds(jaccard, edit) if jaccard is not None else None,
                "copy",
            )
        )
    return rows
