"""Narrow tables that the pages look things up in, sorted by what they are asked for.

A release is sorted for readers who scan it. A page asks for the members of one cluster, or the place of one section,
out of a million; each of these tables answers that from one piece of some hundred rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dedup.inspector.database import read_parquet
from dedup.releases.views import quote

#: Characters of a title that lists show.
TITLE_CHARS = 120


@dataclass(frozen=True)
class Prepared:
    """A table made once per opened release.

    Attributes
    ----------
    query : what it holds; `{jaccard}` and `{edit}` are the thresholds of the release, `{conflicts}` and the like
        datasets that old releases lack, `{sections_rows}` the rows of sections with `file` (its place among the files)
        and `row` (in that file)
    key : column by which its rows are looked up; '' for a table that is only asked in SQL
    after : tables that it reads
    ranges : whether it is made for one range of ids after another, `{low}` to `{high}`: lists of what stands in a
        group are held in memory until the last group is done
    """

    name: str
    query: str
    key: str = ""
    after: tuple[str, ...] = ()
    ranges: bool = False

    def statement(
        self, files: Mapping[str, Sequence[str]], fact_keys: Path, thresholds: tuple[float, float], ids: tuple[str, str]
    ) -> str:
        """Return its query.

        Parameters
        ----------
        files : of the datasets there are
        fact_keys : holds the table of that name
        thresholds : of the release: Jaccard and edit similarity
        ids : from which hexadecimal digits on, and before which, ids are meant
        """
        optional = {name: name if name in files else nothing for name, nothing in _NOTHING.items()}
        rows = {f"{name}_rows": _with_rows(name, files.get(name, ())) for name in _WITH_ROWS}
        (jaccard, edit), (low, high) = thresholds, ids
        values = {"jaccard": float(jaccard), "edit": float(edit), "low": low, "high": high}
        return self.query.format(fact_keys=read_parquet([str(fact_keys)]), **values, **optional, **rows)


#: Datasets that a release may lack, and what stands for them then.
_NOTHING = {
    "conflicts": "(SELECT NULL::VARCHAR AS cluster_id WHERE false)",
    "repairs": "(SELECT NULL::VARCHAR AS cluster_id WHERE false)",
    "attributions": "(SELECT NULL::VARCHAR AS section_id, NULL::VARCHAR AS region_name, NULL::INT AS year_review"
    " WHERE false)",
    "passages": "(SELECT NULL::VARCHAR AS passage_id, NULL::VARCHAR AS section_id, NULL::INT AS char_start,"
    " NULL::INT AS char_end, NULL::VARCHAR AS kind WHERE false)",
}


_NO_SECTION = "(SELECT NULL::VARCHAR AS section_id, 0 AS file, 0 AS row WHERE false)"
#: Datasets whose rows are told with where they stand, and what stands for those that a release may lack.
_WITH_ROWS = {
    "sections": "",
    "documents": "",
    "facts": "(SELECT NULL::VARCHAR AS fact_id, NULL::VARCHAR AS cluster_id, NULL::VARCHAR AS indicator_id,"
    " NULL::VARCHAR AS region_code, NULL::INT AS year, NULL::VARCHAR AS measure, []::VARCHAR[] AS flags, 0 AS file,"
    " 0 AS row WHERE false)",
    "observations": _NO_SECTION,
    "fingerprints": _NO_SECTION,
}


def _with_rows(name: str, files: Sequence[str]) -> str:
    """Return the rows of the files of a dataset, each with where it stands."""
    if not files:
        return _WITH_ROWS[name]
    listed = ", ".join(quote(file) for file in files)
    return (
        f"(SELECT *, (list_position([{listed}], filename) - 1)::INT AS file, file_row_number AS row"
        f" FROM {read_parquet(files, 'filename = true', 'file_row_number = true')})"
    )


_PLACES = """
SELECT s.section_id, s.doc_id, s.source, s.ordinal, d.uri, m.cluster_id, m.is_canonical, m.reason, m.stands_for,
       m.similarity, m.edit_similarity, m.rule, m.template_ratio, m.copied_ratio, s.file, s.row
FROM {sections_rows} s LEFT JOIN membership m USING (section_id) LEFT JOIN documents d ON d.doc_id = s.doc_id
ORDER BY s.section_id
"""
#: The sections of a document lie behind each other in one file.
_PAGES = """
SELECT d.doc_id, d.source, d.uri, d.file, d.row, s.file AS section_file, s.first AS first_section,
       coalesce(s.n, 0) AS n_sections
FROM {documents_rows} d
LEFT JOIN (SELECT doc_id, min(file) AS file, min(row) AS first, count(*) AS n FROM {sections_rows} GROUP BY doc_id) s
     USING (doc_id)
ORDER BY d.doc_id
"""
_MEMBERS = f"""
SELECT m.cluster_id, m.section_id, m.is_canonical, m.similarity, m.edit_similarity, m.rule, m.reason, m.stands_for,
       m.template_ratio, m.copied_ratio, s.content_hash, s.source, s.doc_id, s.ordinal, s.kind, s.n_chars, s.mask_ratio,
       s.boilerplate_ratio, s.completeness, left(s.title, {TITLE_CHARS}) AS title, d.uri, d.published_at, d.site
FROM membership m JOIN sections s USING (section_id) JOIN documents d USING (doc_id)
ORDER BY m.cluster_id, m.is_canonical DESC, m.similarity DESC, m.section_id
"""
#: `doubt`: how near the least similar copy is to the threshold that let it in; 0 for exact copies, 1 right at it.
#: `place` is the position in the order of cluster_id.
_LISTED = """
WITH of_members AS (
    SELECT cluster_id, list_sort(list_distinct(list(source))) AS sources, min(published_at) AS published_at,
           max(CASE WHEN is_canonical OR rule IN ('exact', 'decided') THEN 0.0
                    WHEN rule = 'edit' THEN 1 - (coalesce(edit_similarity, 1) - {edit}) / greatest(1 - {edit}, 1e-9)
                    ELSE 1 - (similarity - {jaccard}) / greatest(1 - {jaccard}, 1e-9) END) AS doubt,
           any_value(title) FILTER (is_canonical) AS title, max(mask_ratio) AS mask_ratio
    FROM members WHERE cluster_id >= 'c_{low}' AND cluster_id < 'c_{high}' GROUP BY cluster_id),
before AS (SELECT count(*) AS n FROM clusters WHERE cluster_id < 'c_{low}'),
of_conflicts AS (SELECT cluster_id, count(*) AS n FROM {conflicts} GROUP BY cluster_id),
of_repairs AS (SELECT cluster_id, count(*) AS n FROM {repairs} GROUP BY cluster_id),
of_families AS (SELECT family_id, count(*) AS n FROM clusters GROUP BY family_id)
SELECT c.cluster_id, b.n + row_number() OVER (ORDER BY c.cluster_id) - 1 AS place, c.family_id, c.canonical_section,
       c.kind, c.n_sections, c.n_documents, c.n_sources, c.min_similarity, c.link_rule, c.status, c.first_release,
       m.sources, m.published_at, greatest(0.0, least(1.0, m.doubt)) AS doubt, m.title, m.mask_ratio,
       coalesce(k.n, 0) AS n_conflicts, coalesce(r.n, 0) AS n_repairs, f.n AS n_editions,
       a.region_name, a.year_review
FROM clusters c JOIN of_members m USING (cluster_id) JOIN of_families f USING (family_id) CROSS JOIN before b
LEFT JOIN of_conflicts k USING (cluster_id) LEFT JOIN of_repairs r USING (cluster_id)
LEFT JOIN {attributions} a ON a.section_id = c.canonical_section
ORDER BY c.cluster_id
"""
#: Sections in the order of their dataset, which the search index counts by: the place of the cluster among `listed`.
_SEARCHED = """
WITH of_clusters AS (SELECT cluster_id, row_number() OVER (ORDER BY cluster_id) - 1 AS place FROM clusters)
SELECT s.source, coalesce(c.place, -1)::INT AS place, coalesce(m.is_canonical, false) AS is_canonical
FROM {sections_rows} s LEFT JOIN membership m USING (section_id) LEFT JOIN of_clusters c USING (cluster_id)
ORDER BY s.file, s.row
"""
_PASSAGE_PLACES = """
SELECT passage_id, section_id, char_start, char_end FROM {passages} ORDER BY passage_id, section_id, char_start
"""
#: Facts in the order of their dataset, by which lists of them go on.
_FACT_KEYS = """
SELECT fact_id, cluster_id, indicator_id, region_code, year, measure, len(flags) > 0 AS flagged, file, row
FROM {facts_rows} ORDER BY file, row
"""
_FACT_ROWS = "SELECT fact_id, file, row FROM {fact_keys} ORDER BY fact_id"
#: The figures of a section lie behind each other in one file.
_OBSERVATION_ROWS = """
SELECT section_id, file, min(row) AS row, count(*) AS n FROM {observations_rows}
WHERE section_id >= 's_{low}' AND section_id < 's_{high}' GROUP BY section_id, file ORDER BY section_id
"""
_PRINT_ROWS = "SELECT section_id, file, row, 1 AS n FROM {fingerprints_rows} ORDER BY section_id"
_BY_SOURCE = """
SELECT source, count(*) FILTER (WHERE is_canonical) AS canonical, count(*) FILTER (WHERE NOT is_canonical) AS copies
FROM members GROUP BY source ORDER BY copies DESC, canonical DESC, source
"""
_FAMILIES = "SELECT family_id, cluster_id FROM clusters ORDER BY family_id, cluster_id"

PREPARED: dict[str, Prepared] = {
    p.name: p
    for p in (
        Prepared("places", _PLACES, "section_id"),
        Prepared("pages", _PAGES, "doc_id"),
        Prepared("members", _MEMBERS, "cluster_id"),
        Prepared("listed", _LISTED, "cluster_id", after=("members",), ranges=True),
        Prepared("searched", _SEARCHED, "source"),
        Prepared("passage_places", _PASSAGE_PLACES, "passage_id"),
        Prepared("fact_keys", _FACT_KEYS),
        Prepared("fact_rows", _FACT_ROWS, "fact_id", after=("fact_keys",)),
        Prepared("observation_rows", _OBSERVATION_ROWS, "section_id", after=("places",), ranges=True),
        Prepared("print_rows", _PRINT_ROWS, "section_id"),
        Prepared("families", _FAMILIES, "family_id"),
        Prepared("by_source", _BY_SOURCE, "source", after=("members",)),
    )
}

#: Datasets that rows are picked from by a column, and that column.
KEYS = {
    "documents": "doc_id",
    "sections": "section_id",
    "facts": "fact_id",
    "records": "uri",
    "pairs": "section_a",
    "passages": "section_id",
    "passage_stats": "passage_id",
    "observations": "section_id",
    "checks": "section_id",
    "fingerprints": "section_id",
    "conflicts": "cluster_id",
    "repairs": "cluster_id",
    "consensus": "cluster_id",
    "reuse_edges": "from_cluster",
    "templates": "template_id",
    "template_occurrences": "template_id",
    "furniture": "doc_id",
    "search": "piece",
}
#: Those that are not sorted by that column, and the table that tells where the rows of each of its values stand.
PLACED = {"observations": "observation_rows", "fingerprints": "print_rows"}
#: The order in which those are copied that are not sorted by that column.
ORDERED = {"template_occurrences": ("template_id", "section_id", "char_start")}
#: Those that are copied into small pieces where their row groups are large; the others hold long texts or many rows.
COPIED = frozenset(
    {
        *("records", "pairs", "passages", "passage_stats", "checks", "conflicts", "repairs", "reuse_edges"),
        *("templates", "template_occurrences", "furniture"),
    }
)
