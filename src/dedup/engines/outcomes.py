"""The datasets on top of a release: reports, and what became of every record."""

from __future__ import annotations

import json
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas

#: Clusters whose text lies inside another one's: none.
NOTHING_CONTAINED = pa.table({"cluster_id": pa.array([], pa.string()), "contained_in": pa.array([], pa.string())})
#: Reports gathered at a time while their texts are joined on.
REPORT_ROWS = 4096

_REPORT_FACTS = """
    WITH family_head AS (
        SELECT family_id, arg_min(c.cluster_id, m.place) AS head
        FROM clusters c JOIN (SELECT section_id, place FROM ranked) m ON m.section_id = c.canonical_section
        GROUP BY family_id
    ), origin AS (
        SELECT m.cluster_id, list_sort(list(DISTINCT d.source)) AS sources, min(d.published_at) AS published_at
        FROM membership m JOIN sections s USING (section_id) JOIN documents d USING (doc_id)
        GROUP BY m.cluster_id
    )
    SELECT c.cluster_id, c.canonical_section AS section_id, s.doc_id, d.uri, s.title, s.n_chars, s.completeness,
           CASE WHEN f.head <> c.cluster_id THEN f.head END AS edition_of, inside.contained_in,
           c.n_sections AS n_copies, c.n_sources, o.sources, s.mask_ratio, s.boilerplate_ratio, o.published_at,
           c.first_release, s.text_row, a.* EXCLUDE (section_id, doc_id, completeness)
    FROM clusters c
    JOIN sections s ON s.section_id = c.canonical_section
    JOIN documents d USING (doc_id)
    JOIN origin o ON o.cluster_id = c.cluster_id
    JOIN family_head f USING (family_id)
    JOIN attributions a ON a.section_id = c.canonical_section
    LEFT JOIN contained inside ON inside.cluster_id = c.cluster_id
    WHERE c.kind = 'report'
    ORDER BY c.cluster_id
"""

_RECORDS = """
    WITH parts AS (
        SELECT s.doc_id, s.ordinal, s.kind, m.cluster_id, m.is_canonical, m.similarity, m.rule, m.stands_for
        FROM sections s JOIN membership m USING (section_id)
        WHERE s.kind = 'report'
    ), inside AS (
        -- Documents of which every published report lies inside one of another document, with the first of those.
        SELECT p.doc_id, arg_min(o.doc_id, p.ordinal) AS holder, count(*) AS n
        FROM parts p JOIN contained i USING (cluster_id)
        JOIN membership om ON om.cluster_id = i.contained_in AND om.is_canonical
        JOIN sections o ON o.section_id = om.section_id
        WHERE p.is_canonical AND o.doc_id <> p.doc_id
        GROUP BY p.doc_id
    ), best AS (
        SELECT doc_id, count(*) AS n_sections, count(*) FILTER (WHERE is_canonical) AS n_published,
               arg_min({'cluster_id': cluster_id, 'is_canonical': is_canonical, 'similarity': similarity,
                        'rule': rule, 'stands_for': stands_for},
                       {'later': NOT is_canonical, 'ordinal': ordinal}) AS first
        FROM parts GROUP BY doc_id
    ), kinds AS (
        SELECT doc_id, string_agg(DISTINCT kind, ', ' ORDER BY kind) AS kinds FROM sections GROUP BY doc_id
    ), withdrawn AS (
        SELECT s.doc_id, min(q.rule) AS rule, arg_min(q.reason, q.rule) AS reason
        FROM quarantine q JOIN sections s ON s.section_id = q.record_id
        WHERE q.dataset = 'sections' GROUP BY s.doc_id
    )
    SELECT d.source_id, d.uri, d.doc_id, d.source,
           CASE WHEN d.role = 'reference' THEN 'not_a_report'
                WHEN b.doc_id IS NULL AND w.doc_id IS NOT NULL THEN 'quarantined'
                WHEN b.doc_id IS NULL THEN 'not_a_report'
                WHEN i.n = b.n_published THEN 'contained'
                WHEN b.n_published > 0 THEN 'published' ELSE 'duplicate' END AS outcome,
           CASE WHEN b.n_published = 0 THEN other.source_id
                WHEN i.n = b.n_published THEN holder.source_id END AS stands_for_source_id,
           b.first.cluster_id AS cluster_id, b.first.similarity AS similarity,
           CASE WHEN b.doc_id IS NULL THEN w.rule ELSE b.first.rule END AS rule,
           CASE WHEN d.role = 'reference' THEN 'reference source: matched against, never published'
                WHEN b.doc_id IS NULL AND w.doc_id IS NOT NULL THEN w.reason
                WHEN b.doc_id IS NULL THEN 'no report in it, only: ' || coalesce(k.kinds, 'nothing')
                WHEN i.n = b.n_published AND i.n = 1
                    THEN 'its report is published, and lies inside a longer one in ' || holder.uri
                WHEN i.n = b.n_published
                    THEN 'its ' || i.n || ' reports are published, and lie inside longer ones; the first in '
                         || holder.uri
                WHEN b.n_published = b.n_sections AND b.n_sections = 1 THEN 'its report is published'
                WHEN b.n_published = b.n_sections THEN 'all ' || b.n_sections || ' reports in it are published'
                WHEN b.n_published > 0 THEN b.n_published || ' of ' || b.n_sections ||
                     ' reports in it are published, the others are copies'
                WHEN b.n_sections = 1 THEN 'its report is a copy; the better copy in ' || other.uri || ' is published'
                ELSE 'all ' || b.n_sections || ' reports in it are copies; the first one of ' || other.uri
           END AS reason,
           coalesce(b.n_sections, 0) AS n_sections, coalesce(b.n_published, 0) AS n_published
    FROM documents d
    LEFT JOIN best b USING (doc_id)
    LEFT JOIN kinds k USING (doc_id)
    LEFT JOIN withdrawn w USING (doc_id)
    LEFT JOIN sections os ON os.section_id = b.first.stands_for
    LEFT JOIN documents other ON other.doc_id = os.doc_id
    LEFT JOIN inside i ON i.doc_id = d.doc_id
    LEFT JOIN documents holder ON holder.doc_id = i.holder
    ORDER BY d.source, d.uri
"""


def _connect(memory_limit: str, threads: int, **tables: pa.Table) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"memory_limit": memory_limit, "threads": threads})
    for name, table in tables.items():
        connection.register(name, table)
    return connection


def write_reports(
    clusters: pa.Table,
    membership: pa.Table,
    sections: pa.Table,
    documents: pa.Table,
    ranked: pa.Table,
    texts: pa.Array,
    contained: pa.Table,
    attributions: pa.Table,
    *,
    memory_limit: str,
    threads: int,
) -> Iterator[pa.Table]:
    """Yield the reports dataset in parts, sorted by cluster_id.

    Parameters
    ----------
    sections : facts of sections with `text_row`, the row of their clean text in `texts` (null when not matched)
    ranked : section_id, place (0 is the best copy of all)
    contained : cluster_id, contained_in
    attributions : place and years of the sections (`schemas.ATTRIBUTIONS`)
    """
    with _connect(
        memory_limit,
        threads,
        clusters=clusters,
        membership=membership,
        sections=sections,
        documents=documents,
        ranked=ranked,
        contained=contained,
        attributions=attributions,
    ) as connection:
        facts = connection.sql(_REPORT_FACTS).to_arrow_table()
    if not facts.num_rows:
        yield schemas.empty(schemas.REPORTS)
    for start in range(0, facts.num_rows, REPORT_ROWS):
        part = facts.slice(start, REPORT_ROWS)
        columns = {name: part.column(name) for name in part.column_names}
        columns["clean_text"] = texts.take(part.column("text_row").combine_chunks())
        yield schemas.conform(pa.table(columns), schemas.REPORTS)


def write_records(
    membership: pa.Table,
    sections: pa.Table,
    documents: pa.Table,
    quarantine: pa.Table,
    contained: pa.Table = NOTHING_CONTAINED,
    *,
    memory_limit: str,
    threads: int,
) -> pa.Table:
    """Say what became of every record: each stands once, also those that could not be read.

    Returns
    -------
    table with the schema `schemas.RECORDS`
    """
    from dedup.ids import document_id

    tables = {
        "membership": membership,
        "sections": sections,
        "documents": documents,
        "quarantine": quarantine,
        "contained": contained,
    }
    with _connect(memory_limit, threads, **tables) as connection:
        read = schemas.conform(connection.sql(_RECORDS).to_arrow_table(), schemas.RECORDS)
    refused = quarantine.filter(pc.equal(quarantine.column("dataset"), "documents"))
    n = refused.num_rows
    uris = refused.column("record_id").to_pylist()
    unread = pa.table(
        {
            "source_id": pa.array(_own_ids(refused), pa.string()),
            "uri": pa.array(uris, pa.string()),
            "doc_id": pa.array([document_id(u) for u in uris], pa.string()),
            "source": refused.column("source"),
            "outcome": pa.array(["quarantined"] * n, pa.string()),
            "stands_for_source_id": pa.nulls(n, pa.string()),
            "cluster_id": pa.nulls(n, pa.string()),
            "similarity": pa.nulls(n, pa.float64()),
            "rule": refused.column("rule"),
            "reason": refused.column("reason"),
            "n_sections": pa.array([0] * n, pa.int64()),
            "n_published": pa.array([0] * n, pa.int64()),
        }
    )
    return pa.concat_tables([read, schemas.conform(unread, schemas.RECORDS)])


def _own_ids(refused: pa.Table) -> list[str]:
    """Return the ids by which the owners of refused records know them."""
    known = [json.loads(record) for record in refused.column("record").to_pylist()]
    names = refused.column("record_id").to_pylist()
    return [str(facts.get("source_id") or name) for facts, name in zip(known, names, strict=True)]
