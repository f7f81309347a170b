"""Pairs of a release against pairs of the truth: which were found, which are wrong, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from dedup.evaluation.placing import Placement, Readable
from dedup.evaluation.truth import Truth


@dataclass(frozen=True)
class Judged:
    """Pairs of units, from both sides.

    Attributes
    ----------
    expected : every true pair (unit_a, unit_b, relation, jaccard, edit_similarity, positive) with section_a and
        section_b (null when a unit is not in the release), `published` (the relation it was published with, null when
        it was not) and `implied` (not written out, but both stand in one cluster whose pairs are not all written)
    published : every published copy or edition (section_a, section_b, jaccard, edit_similarity, relation) with
        unit_a and unit_b (null when the truth does not know the section), `inside` (both documents are known to the
        truth) and `verdict`: right, wrong, below (listed, but does not count), unlisted (the truth cannot say)
    """

    expected: pa.Table
    published: pa.Table


def judge_pairs(truth: Truth, placement: Placement, release: Readable, complete_cluster: int) -> Judged:
    """Compare the published pairs with the true ones.

    Sections of level `document` are taken together: a pair of documents counts once, with its best sections.
    """
    pairs = release.arrow("pairs", ["section_a", "section_b", "jaccard", "edit_similarity", "relation"])
    connection = duckdb.connect()
    try:
        for name, table in (
            ("truth", truth.pairs),
            ("placed", placement.sections),
            ("known_docs", placement.documents),
            ("pairs", pairs),
            ("sections", release.arrow("sections", ["section_id", "doc_id"])),
            ("membership", release.arrow("membership", ["section_id", "cluster_id"])),
            ("clusters", release.arrow("clusters", ["cluster_id", "n_sections"])),
        ):
            connection.register(name, table)
        connection.execute("CREATE TABLE placed_docs AS SELECT DISTINCT doc_id FROM known_docs")
        # `contains` says that one text lies in another; it is no copy.
        connection.execute(
            """
            CREATE TABLE found AS
            SELECT section_a, section_b, jaccard, edit_similarity, relation,
                   least(a.unit, b.unit) AS unit_a, greatest(a.unit, b.unit) AS unit_b,
                   sa.doc_id IN (FROM placed_docs) AND sb.doc_id IN (FROM placed_docs) AS inside
            FROM pairs
            LEFT JOIN placed a ON a.section_id = section_a LEFT JOIN placed b ON b.section_id = section_b
            JOIN sections sa ON sa.section_id = section_a JOIN sections sb ON sb.section_id = section_b
            WHERE relation <> 'contains'
            """
        )
        connection.execute(
            """
            CREATE TABLE best AS SELECT * FROM found
            WHERE unit_a IS NULL OR unit_b IS NULL OR unit_a <> unit_b
            QUALIFY unit_a IS NULL OR unit_b IS NULL
                OR row_number() OVER (PARTITION BY unit_a, unit_b ORDER BY jaccard DESC, section_a, section_b) = 1
            """
        )
        unlisted = "'wrong'" if truth.complete else "'unlisted'"
        published = connection.sql(
            f"""
            SELECT best.*, truth.relation AS true_relation, CASE
                WHEN NOT inside THEN 'outside'
                WHEN truth.unit_a IS NULL THEN {unlisted}
                WHEN truth.negative THEN 'wrong'
                WHEN truth.positive OR {truth.complete} THEN 'right'
                ELSE 'below' END AS verdict
            FROM best LEFT JOIN truth USING (unit_a, unit_b) ORDER BY section_a, section_b
            """
        ).to_arrow_table()
        expected = connection.sql(
            """
            WITH home AS (
                SELECT unit, section_id, cluster_id, n_sections FROM placed
                LEFT JOIN membership USING (section_id) LEFT JOIN clusters USING (cluster_id)
                QUALIFY row_number() OVER (PARTITION BY unit ORDER BY overlap DESC, section_id) = 1
            )
            SELECT truth.*, coalesce(best.section_a, a.section_id) AS section_a,
                   coalesce(best.section_b, b.section_id) AS section_b, best.relation AS published,
                   coalesce(best.relation IS NULL AND a.cluster_id = b.cluster_id AND a.n_sections > ?, false)
                       AS implied
            FROM truth LEFT JOIN best USING (unit_a, unit_b)
            LEFT JOIN home a ON a.unit = truth.unit_a LEFT JOIN home b ON b.unit = truth.unit_b
            ORDER BY truth.unit_a, truth.unit_b
            """,
            params=[complete_cluster],
        ).to_arrow_table()
    finally:
        connection.close()
    return Judged(expected, published)


def sections_by_id(release: Readable, ids: list[str]) -> dict[str, dict[str, Any]]:
    """Return the rows of some sections with their text and the uri of their document."""
    if not ids:
        return {}
    rows = release.sql(
        """
        SELECT section_id, doc_id, ordinal, sections.title, kind, char_start, char_end, clean_text, uri, source_id
        FROM sections JOIN documents USING (doc_id) WHERE section_id IN (SELECT unnest(?))
        """,
        [sorted(set(ids))],
    )
    return {str(row["section_id"]): row for row in rows.to_pylist()}
