"""The stage that finds what texts share, and where the copies of one report disagree."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.engines.beside import beside
from dedup.engines.copies import compare_copies
from dedup.engines.passing import find_shared_passages
from dedup.engines.reuse_rows import Places, section_rows
from dedup.reuse.phrases import count_phrases
from dedup.reuse.rows import SectionRows
from dedup.reuse.templates import build_templates

if TYPE_CHECKING:
    from dedup.engines.local import LocalRun

_Finder: TypeAlias = "Callable[[LocalRun, SectionRows, Places, Path], dict[str, pa.Table]]"
#: Datasets that this stage makes; `membership` and `pairs` are completed by it.
DATASETS = (
    "phrases",
    "templates",
    "template_occurrences",
    "passages",
    "passage_stats",
    "reuse_edges",
    "conflicts",
    "repairs",
    "consensus",
)


def no_shared_text() -> dict[str, pa.Table]:
    """Return the datasets of this stage without rows."""
    return {name: schemas.empty(schemas.DATASETS[name].schema) for name in DATASETS}


def find_shared_text(run: LocalRun) -> dict[str, pa.Table]:
    """Return the datasets of this stage, and the completed `membership`, `pairs` and `contained`.

    `contained` (cluster_id, contained_in) names the clusters whose text lies inside another one's.
    """
    rows, places = section_rows(run), Places(run)

    # None needs what another one finds. The longest comes first, so that the last ones end at about the same time.
    waiting: deque[tuple[str, _Finder]] = deque(
        (
            ("templates", _find_templates),
            ("passages", find_shared_passages),
            ("copies", compare_copies),
            ("phrases", _find_phrases),
        )
    )

    def find() -> dict[str, pa.Table]:
        tables: dict[str, pa.Table] = {}
        while True:
            try:
                stage, finder = waiting.popleft()
            except IndexError:
                # The other thread may have taken the last one just now.
                return tables
            scratch = run.work / "reuse" / stage
            scratch.mkdir(parents=True, exist_ok=True)
            with run.meter.measure(stage):
                tables |= finder(run, rows, places, scratch)

    if run.settings.threads < 2:
        return find()
    # Each has stretches that only one processor can work on.
    found = beside(find)
    return find() | found.result()


def _find_phrases(run: LocalRun, rows: SectionRows, places: Places, scratch: Path) -> dict[str, pa.Table]:
    settings = run.settings
    # Of those that work at the same time one is that of the templates, which have half of the memory.
    found = count_phrases(
        rows, settings.reuse, folder=scratch, memory_limit=settings.memory_bytes // 4, threads=settings.threads
    )
    run.meter.note("phrases", clauses=found.n_clauses, too_long=found.n_long, phrases=found.table.num_rows)
    return {"phrases": _counted(places.place(found.table), found.corpus_families, schemas.PHRASES)}


def _find_templates(run: LocalRun, rows: SectionRows, places: Places, scratch: Path) -> dict[str, pa.Table]:
    settings = run.settings
    found = build_templates(
        rows, settings.reuse, folder=scratch, memory_limit=settings.memory_bytes // 2, threads=settings.threads
    )
    run.meter.note("templates", templates=found.table.num_rows, **found.metrics)
    return {
        "templates": _counted(places.place(found.table), found.corpus_families, schemas.TEMPLATES),
        "template_occurrences": schemas.conform(places.place(found.occurrences), schemas.TEMPLATE_OCCURRENCES),
    }


def _counted(table: pa.Table, families: int, schema: pa.Schema) -> pa.Table:
    df = table.column("df").cast(pa.float64())
    table = table.append_column("df_ratio", pc.divide(df, float(max(families, 1))))
    table = table.append_column("corpus_families", pa.array(np.full(table.num_rows, families), pa.int64()))
    return schemas.conform(table, schema)
