"""A release of any size made straight from the schemas, for the load test of the inspector: no run is needed for it.

Texts are put together from a pool of sentences; 30 % of the sections are copies with two sentences changed. Keys and
references hold, so the release is published like any other.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.inspector_rows import (
    WORDS,
    Made,
    filled,
    ids_of,
    sources_of,
    uris_of,
    write_figures,
    write_narrow,
    write_shared,
)
from dedup import schemas
from dedup.engines.search_index import place_texts, wanted_blocks
from dedup.engines.store import TableStore
from dedup.releases import Release, Staging, open_staging, warehouse_lock
from dedup.releases.chunking import borders
from dedup.reuse.pieces import index_pieces

#: Sections made at a time.
STEP = 20_000
#: Characters of a text, about.
CHARS = 1500
NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def _sentences(seed: int) -> list[str]:
    draw = random.Random(seed)
    return [
        "，".join("".join(draw.choices(WORDS, k=4)) for _ in range(draw.randint(2, 4))) + "。" for _ in range(30_000)
    ]


def _texts(made: Made, sentences: list[str], first: int, last: int) -> list[str]:
    out = []
    for row in range(first, last):
        draw = random.Random(int(made.head[row]))
        chosen = draw.choices(sentences, k=CHARS // 28)
        if made.head[row] != row:
            own = random.Random(row)
            for _ in range(2):
                chosen[own.randrange(len(chosen))] = own.choice(sentences)
        out.append(f"第{made.head[row]}号报告。" + "".join(chosen))
    return out


def _parts(made: Made, sentences: list[str]) -> Iterator[tuple[np.ndarray, list[str]]]:
    for first in range(0, made.n, STEP):
        last = min(made.n, first + STEP)
        yield np.arange(first, last), _texts(made, sentences, first, last)


def make_release(warehouse: Path, n: int, *, seed: int = 1) -> Release:
    """Publish a release of `n` sections on as many pages.

    Parameters
    ----------
    warehouse : made when missing; 13 KB a section while it is made, half of it afterwards
    """
    made, sentences = Made(n, seed), _sentences(seed)
    warehouse.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(warehouse):
        staging = open_staging(warehouse, now=NOW)
        work = staging.path.with_name("work")
        work.mkdir()
        try:
            _write_texts(staging, made, sentences, work)
        finally:
            shutil.rmtree(work)
        write_narrow(staging, made)
        write_shared(staging, made)
        write_figures(staging, made)
        for name, dataset in schemas.DATASETS.items():
            if not (staging.path / dataset.path).exists():
                staging.write(name, schemas.empty(dataset.schema))
        return staging.publish({"title": f"{n:,} made sections", "code_version": "bench", "settings": {}})


def _write_texts(staging: Staging, made: Made, sentences: list[str], work: Path) -> None:
    names = ("documents", "sections", "reports")
    stores = {name: TableStore(work / f"{name}.arrow", schemas.DATASETS[name].schema) for name in names}
    sizes = np.bincount(made.head, minlength=made.n)
    for rows, texts in _parts(made, sentences):
        lengths = [len(text) for text in texts]
        uris, sources = uris_of(made, rows), sources_of(made, rows)
        docs, ids = ids_of("d", rows), ids_of("s", rows)
        titles = [f"{sources[i]}县第{int(made.head[r])}号政府工作报告" for i, r in enumerate(rows.tolist())]
        text = pa.array(texts, pa.string())
        stores["documents"].append(
            filled(
                {
                    "doc_id": docs,
                    "uri": uris,
                    "source_id": uris,
                    "source": sources,
                    "site": sources,
                    "role": ["corpus"] * rows.size,
                    "format": ["text"] * rows.size,
                    "published_at_basis": ["none"] * rows.size,
                    "ingested_at": [NOW] * rows.size,
                    "last_seen": [NOW] * rows.size,
                    "encoding": ["utf-8"] * rows.size,
                    "text": text,
                    "n_chars": lengths,
                    "published_at": [date(2000 + r % 24, 1, 15) for r in rows.tolist()],
                },
                schemas.DOCUMENTS,
            )
        )
        stores["sections"].append(
            filled(
                {
                    "section_id": ids,
                    "doc_id": docs,
                    "source": sources,
                    "title": titles,
                    "kind": ["report"] * rows.size,
                    "kind_reason": ["made"] * rows.size,
                    "char_end": lengths,
                    "clean_text": text,
                    "clean_map": [[0, 0, k] for k in lengths],
                    "n_chars": lengths,
                    "content_hash": [i[2:] * 2 for i in ids],
                    "completeness": ["full"] * rows.size,
                },
                schemas.SECTIONS,
            )
        )
        own = np.flatnonzero(made.head[rows] == rows)
        stores["reports"].append(
            filled(
                {
                    "cluster_id": ids_of("c", rows[own]),
                    "section_id": [ids[i] for i in own],
                    "doc_id": [docs[i] for i in own],
                    "uri": [uris[i] for i in own],
                    "title": [titles[i] for i in own],
                    "clean_text": text.take(pa.array(own)),
                    "n_chars": [lengths[i] for i in own],
                    "region_basis": ["none"] * own.size,
                    "year_review_basis": ["printed"] * own.size,
                    "year_plan_basis": ["none"] * own.size,
                    "year_review": [2000 + int(r) % 24 for r in rows[own]],
                    "region_name": [f"县{int(r) % 300}" for r in rows[own]],
                    "completeness": ["full"] * own.size,
                    "work_id": ids_of("w", rows[own]),
                    "n_copies": sizes[rows[own]].tolist(),
                    "sources": [[sources[i]] for i in own],
                    "n_sources": [1] * own.size,
                    "first_release": ["2030-01-02.1"] * own.size,
                },
                schemas.REPORTS,
            )
        )
    for name in names:
        staging.write(name, stores[name].read())
    _write_search(staging, work)


def _write_search(staging: Staging, work: Path) -> None:
    """Write the index of the staged sections, one of each page, cut into blocks as a run cuts it."""
    files = sorted((staging.path / schemas.DATASETS["sections"].path).glob("part-*.parquet"))
    pages = pa.concat_tables([pq.read_table(file, columns=["doc_id"]) for file in files]).column(0)
    sizes = np.diff([*borders(pages, wanted_blocks(len(pages))).tolist(), len(pages)])
    batches = (
        pa.Table.from_batches([batch])
        for file in files
        for batch in pq.ParquetFile(file).iter_batches(4000, columns=["doc_id", "clean_text", "title"])
    )
    store = TableStore(work / "search.arrow", schemas.SEARCH)
    held = next(batches)
    for size in sizes.tolist():
        while held.num_rows < size:
            held = pa.concat_tables([held, next(batches)])
        block, held = held.slice(0, size).combine_chunks(), held.slice(size)
        texts, titles = (block.column(name).cast(pa.large_string()).chunk(0) for name in ("clean_text", "title"))
        rows = np.arange(size)
        for table in index_pieces(place_texts(texts, rows, titles, rows)):
            table = table.append_column("block", pa.repeat(block.column("doc_id")[0], len(table)))
            store.append(schemas.conform(table, schemas.SEARCH))
    staging.write("search", store.read())
