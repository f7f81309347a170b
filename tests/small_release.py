"""Small, consistent tables of every dataset: three pages, two of them copies of one invented report."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from dedup import schemas
from dedup.ids import document_id, make_id, section_id
from dedup.releases import Release, open_staging, warehouse_lock

NOW = datetime(2031, 3, 4, 5, 6, 7, tzinfo=UTC)

REPORT = "各位代表：现在我代表云溪县人民政府作工作报告。全年粮食总产量12.4万吨，比上年增长3.1%。"
OTHER = "各位代表：现在我向大会报告青岚区政府工作。全年新增就业1860人，完成投资7.2亿元。"
PAGES = {
    "cty/a.txt": REPORT,
    "cty/b.txt": REPORT,
    "net/c.txt": OTHER,
}


def table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table; columns they do not mention are null, or zero where the contract wants a value."""
    blank = {f.name: None if f.nullable else pa.scalar(0).cast(f.type).as_py() for f in schema if _plain(f)}
    return pa.Table.from_pylist([{**blank, **row} for row in rows], schema=schema)


def _plain(f: pa.Field) -> bool:
    return f.nullable or pa.types.is_primitive(f.type) or pa.types.is_string(f.type)


def documents() -> pa.Table:
    rows = [
        {
            "doc_id": document_id(uri),
            "uri": uri,
            "source_id": uri.split("/")[1],
            "source": uri.split("/")[0],
            "site": uri.split("/")[0],
            "role": "corpus",
            "format": "text",
            "title": None,
            "published_at": date(2030, 2, 1),
            "published_at_basis": "meta",
            "publisher": None,
            "fetched_at": None,
            "ingested_at": NOW,
            "last_seen": NOW,
            "license": None,
            "sha256": "0" * 64,
            "n_bytes": len(text.encode()),
            "encoding": "utf-8",
            "text": text,
            "n_chars": len(text),
            "tables_html": [],
        }
        for uri, text in PAGES.items()
    ]
    return table(rows, schemas.DOCUMENTS)


def content(text: str) -> str:
    return make_id("x", text)[2:] * 2


def sections() -> pa.Table:
    rows = [
        {
            "section_id": section_id(document_id(uri), content(text), 0),
            "doc_id": document_id(uri),
            "source": uri.split("/")[0],
            "ordinal": 0,
            "title": "政府工作报告",
            "kind": "report",
            "kind_reason": "one report fills the page",
            "char_start": 0,
            "char_end": len(text),
            "clean_text": text,
            "clean_map": [0, 0, len(text)],
            "n_chars": len(text),
            "content_hash": content(text),
            "mask_ratio": 0.0,
            "boilerplate_ratio": 0.0,
            "completeness": "full",
        }
        for uri, text in PAGES.items()
    ]
    return table(rows, schemas.SECTIONS)


def small_tables() -> dict[str, pa.Table]:
    """Every dataset, agreeing with each other."""
    a, b, c = (row["section_id"] for row in sections().to_pylist())
    copied, alone = make_id("c", a), make_id("c", c)

    def member(section: str, cluster: str, canonical: str) -> dict[str, Any]:
        own = section == canonical
        return {
            "section_id": section,
            "cluster_id": cluster,
            "is_canonical": own,
            "reason": "complete and earliest" if own else "a copy",
            "stands_for": canonical,
            "similarity": 1.0,
            "edit_similarity": None,
            "rule": "canonical" if own else "exact",
            "template_ratio": None,
            "copied_ratio": None,
        }

    def cluster(cluster_id: str, canonical: str, n: int) -> dict[str, Any]:
        return {
            "cluster_id": cluster_id,
            "family_id": make_id("f", canonical),
            "canonical_section": canonical,
            "kind": "report",
            "n_sections": n,
            "most_sections": n,
            "n_documents": n,
            "n_sources": 1,
            "min_similarity": 1.0,
            "link_rule": "exact" if n > 1 else "single",
            "status": "auto",
            "first_release": "2031-03-04.1",
        }

    def report(cluster_id: str, canonical: str, uri: str, n: int) -> dict[str, Any]:
        return {
            "cluster_id": cluster_id,
            "section_id": canonical,
            "doc_id": document_id(uri),
            "uri": uri,
            "title": "政府工作报告",
            "clean_text": PAGES[uri],
            "n_chars": len(PAGES[uri]),
            "region_code": None,
            "region_name": None,
            "region_level": None,
            "region_basis": "none",
            "year_review": None,
            "year_review_basis": "none",
            "year_plan": 2031,
            "year_plan_basis": "printed",
            "completeness": "full",
            "work_id": make_id("w", canonical),
            "edition_of": None,
            "contained_in": None,
            "n_copies": n,
            "n_sources": 1,
            "sources": [uri.split("/")[0]],
            "mask_ratio": 0.0,
            "boilerplate_ratio": 0.0,
            "published_at": date(2030, 2, 1),
            "first_release": "2031-03-04.1",
        }

    def record(uri: str, outcome: str, cluster_id: str, stands_for: str | None) -> dict[str, Any]:
        return {
            "source_id": uri.split("/")[1],
            "uri": uri,
            "doc_id": document_id(uri),
            "source": uri.split("/")[0],
            "outcome": outcome,
            "stands_for_source_id": stands_for,
            "cluster_id": cluster_id,
            "similarity": 1.0,
            "rule": "exact" if stands_for else "canonical",
            "reason": "published as it is" if stands_for is None else f"a copy of {stands_for}",
            "n_sections": 1,
            "n_published": int(stands_for is None),
        }

    low, high = sorted((a, b))
    return {name: schemas.empty(dataset.schema) for name, dataset in schemas.DATASETS.items()} | {
        "documents": documents(),
        "sections": sections(),
        "membership": table([member(a, copied, a), member(b, copied, a), member(c, alone, c)], schemas.MEMBERSHIP),
        "clusters": table([cluster(copied, a, 2), cluster(alone, c, 1)], schemas.CLUSTERS),
        "reports": table([report(copied, a, "cty/a.txt", 2), report(alone, c, "net/c.txt", 1)], schemas.REPORTS),
        "records": table(
            [
                record("cty/a.txt", "published", copied, None),
                record("cty/b.txt", "duplicate", copied, "a.txt"),
                record("net/c.txt", "published", alone, None),
            ],
            schemas.RECORDS,
        ),
        "pairs": table(
            [
                {
                    "section_a": low,
                    "section_b": high,
                    "jaccard": 1.0,
                    "containment_a": 1.0,
                    "containment_b": 1.0,
                    "edit_similarity": None,
                    "relation": "exact",
                    "rule": "content_hash",
                }
            ],
            schemas.PAIRS,
        ),
        "runs": table(
            [
                {
                    "run_id": make_id("r", "one"),
                    "release_id": "2031-03-04.1",
                    "started_at": NOW,
                    "stage": "cut",
                    "metric": "rows_out",
                    "value": 3.0,
                }
            ],
            schemas.RUNS,
        ),
        "fingerprints": table(
            [{"section_id": s, "n_shingles": 40, "signature": list(range(schemas.NUM_PERM))} for s in (a, b, c)],
            schemas.FINGERPRINTS,
        ),
    }


def replace(table: pa.Table, row: int, **values: Any) -> pa.Table:
    """The table with other values in one row."""
    rows = table.to_pylist()
    rows[row].update(values)
    return pa.Table.from_pylist(rows, schema=table.schema)


def publish(
    warehouse: Path, tables: dict[str, pa.Table] | None = None, *, now: datetime = NOW, **manifest: Any
) -> Release:
    """Publish a release of `tables` (default: `small_tables()`)."""
    with warehouse_lock(warehouse):
        staging = open_staging(warehouse, now=now)
        for name, table in (tables or small_tables()).items():
            staging.write(name, table)
        return staging.publish(manifest)
