"""One report per record, for benchmarks: `write_corpus`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.evaluation.crew import Crew
from dedup.evaluation.making import make_texts, measure_works, pairs_of
from dedup.evaluation.planting import Damage, Plan, Shares
from dedup.evaluation.reference import Definition
from dedup.evaluation.report_writer import ReportWriter
from dedup.evaluation.truth_files import rows_table

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
_ROW_GROUP = 2_000
_WORKS_PER_TASK = 50


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
    workers: int = 1,
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
    workers : processes that write; they change nothing but the time

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
    numbers = [range(i, min(i + _ROW_GROUP, documents)) for i in range(0, documents, _ROW_GROUP)]
    works = plan.works_with_copies()
    batches = [works[i : i + _WORKS_PER_TASK] for i in range(0, len(works), _WORKS_PER_TASK)]
    similar: dict[tuple[int, int], tuple[float, float]] = {}
    with Crew(plan, workers) as crew:
        with pq.ParquetWriter(out_parquet, CORPUS, compression="zstd") as file:
            for group, texts in zip(numbers, crew.map(make_texts, numbers), strict=True):
                file.write_table(pa.table([[f"{n:0{width}d}" for n in group], texts], schema=CORPUS))
        for batch, found in zip(batches, crew.map(measure_works, batches) if measure else (), strict=measure):
            for members, measured in zip(batch, found, strict=True):
                similar.update(zip(pairs_of(members), measured, strict=True))
    rows = [_pair_row(plan, a, b, similar.get((a, b)), width) for members in works for a, b in pairs_of(members)]
    pairs_path = out_parquet.with_name(f"{out_parquet.stem}.pairs.parquet")
    pq.write_table(rows_table(sorted(rows), CORPUS_PAIRS), pairs_path, compression="zstd")
    return CorpusTruth(out_parquet, pairs_path, documents, len(plan.originals), len(rows))


def _pair_row(
    plan: Plan, a: int, b: int, similar: tuple[float, float] | None, width: int
) -> tuple[str, str, float | None, float | None, float, bool | None, str]:
    jaccard, edit = similar or (None, None)
    rate = 1 - (1 - plan.edit_rate(a)) * (1 - plan.edit_rate(b))
    meets = Definition().holds(jaccard, edit) if jaccard is not None else None
    return f"{a:0{width}d}", f"{b:0{width}d}", jaccard, edit, rate, meets, "copy"
