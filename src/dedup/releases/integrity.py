"""Do the datasets of a release agree with each other? Asked of the files, before anything is published."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.releases.blocks import block_names
from dedup.schemas import DATASETS
from dedup.schemas.datasets import ID_COLUMNS

if TYPE_CHECKING:
    from dedup.id_numbers import Ids


@dataclass(frozen=True)
class Reference:
    """Every value of `dataset.column` (nulls apart) stands in `target.target_column`."""

    dataset: str
    column: str
    target: str
    target_column: str


#: Also the foreign keys of the data package.
REFERENCES: tuple[Reference, ...] = (
    Reference("reports", "cluster_id", "clusters", "cluster_id"),
    Reference("reports", "section_id", "sections", "section_id"),
    Reference("reports", "doc_id", "documents", "doc_id"),
    Reference("reports", "edition_of", "clusters", "cluster_id"),
    Reference("reports", "contained_in", "clusters", "cluster_id"),
    Reference("records", "cluster_id", "clusters", "cluster_id"),
    Reference("clusters", "canonical_section", "sections", "section_id"),
    Reference("sections", "doc_id", "documents", "doc_id"),
    Reference("membership", "section_id", "sections", "section_id"),
    Reference("membership", "cluster_id", "clusters", "cluster_id"),
    Reference("membership", "stands_for", "membership", "section_id"),
    Reference("pairs", "section_a", "sections", "section_id"),
    Reference("pairs", "section_b", "sections", "section_id"),
    Reference("passages", "passage_id", "passage_stats", "passage_id"),
    Reference("passages", "section_id", "sections", "section_id"),
    Reference("passage_stats", "best_section", "sections", "section_id"),
    Reference("reuse_edges", "from_cluster", "clusters", "cluster_id"),
    Reference("reuse_edges", "to_cluster", "clusters", "cluster_id"),
    Reference("phrases", "section_id", "sections", "section_id"),
    Reference("templates", "section_id", "sections", "section_id"),
    Reference("template_occurrences", "template_id", "templates", "template_id"),
    Reference("template_occurrences", "section_id", "sections", "section_id"),
    Reference("conflicts", "cluster_id", "clusters", "cluster_id"),
    Reference("conflicts", "section_id", "membership", "section_id"),
    Reference("conflicts", "canonical_section", "membership", "section_id"),
    Reference("repairs", "cluster_id", "clusters", "cluster_id"),
    Reference("repairs", "section_id", "membership", "section_id"),
    Reference("repairs", "donor_section", "membership", "section_id"),
    Reference("consensus", "cluster_id", "clusters", "cluster_id"),
    Reference("furniture", "doc_id", "documents", "doc_id"),
    Reference("fingerprints", "section_id", "sections", "section_id"),
)


@dataclass(frozen=True)
class Rule:
    """A query that returns offending ids; it runs when all its datasets are there."""

    says: str
    datasets: tuple[str, ...]
    query: str


RULES: tuple[Rule, ...] = (
    Rule(
        "every cluster has exactly one canonical section, the one it names",
        ("clusters", "membership"),
        """
        SELECT c.cluster_id FROM clusters c
        LEFT JOIN (SELECT cluster_id, count(*) AS n, min(section_id) AS section_id
                   FROM membership WHERE is_canonical GROUP BY cluster_id) m USING (cluster_id)
        WHERE m.n IS DISTINCT FROM 1 OR m.section_id IS DISTINCT FROM c.canonical_section
        """,
    ),
    Rule(
        "a section stands for sections of its own cluster, and is canonical there",
        ("membership",),
        """
        SELECT m.section_id FROM membership m JOIN membership s ON s.section_id = m.stands_for
        WHERE s.cluster_id <> m.cluster_id OR NOT s.is_canonical
        """,
    ),
    Rule(
        "a cluster counts its sections rightly",
        ("clusters", "membership"),
        """
        SELECT c.cluster_id FROM clusters c
        LEFT JOIN (SELECT cluster_id, count(*) AS n FROM membership GROUP BY cluster_id) m USING (cluster_id)
        WHERE m.n IS DISTINCT FROM c.n_sections
        """,
    ),
    Rule(
        "a report shows the canonical section of its cluster",
        ("reports", "clusters"),
        """
        SELECT r.cluster_id FROM reports r JOIN clusters c USING (cluster_id)
        WHERE r.section_id <> c.canonical_section
        """,
    ),
    Rule(
        "every document of a corpus source stands in records",
        ("documents", "records"),
        "SELECT uri FROM documents ANTI JOIN records USING (uri) WHERE role = 'corpus'",
    ),
    Rule(
        "sections tile the text of their document",
        ("sections", "documents"),
        """
        WITH cut AS (
            SELECT doc_id, section_id, char_start, char_end,
                   lag(char_end, 1, 0) OVER (PARTITION BY doc_id ORDER BY ordinal) AS expected,
                   row_number() OVER (PARTITION BY doc_id ORDER BY ordinal DESC) = 1 AS is_last
            FROM sections)
        SELECT section_id FROM cut JOIN documents d USING (doc_id)
        WHERE char_start <> expected OR char_end < char_start OR (is_last AND char_end <> d.n_chars)
        """,
    ),
)


def find_contradictions(folder: Path, *, memory_limit: str = "1GB", known: Collection[str] = ()) -> list[str]:
    """Check keys, references and rules between the datasets below `folder`.

    Parameters
    ----------
    folder : a release or a staged one; datasets that are not there are not checked
    memory_limit : bound for DuckDB, which spills to a temporary folder beyond it
    known : paths of files that an earlier release holds; its blocks agree with themselves

    Returns
    -------
    one sentence per broken rule with the number of offending rows and up to three of them; empty when all holds
    """
    present = [name for name, dataset in DATASETS.items() if any((folder / dataset.path).glob("part-*.parquet"))]
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="dedup-check-") as spill:
        connection = duckdb.connect(config={"memory_limit": memory_limit, "temp_directory": spill})
        try:
            queries: list[tuple[str, str]] = []
            columns = _Columns()
            for name in present:
                files = [path.as_posix() for path in sorted((folder / DATASETS[name].path).glob("part-*.parquet"))]
                if DATASETS[name].blocks is not None:
                    queries += _queries_of_blocks(name, files, "documents" in present)
                    # One file is enough to know the columns.
                    files = [file for file in files if file not in known] or files[:1]
                connection.read_parquet(files).create_view(name)
                columns.files[name] = files
            for says, query in [*queries, *_queries(present, connection, columns)]:
                count, examples = _offenders(connection, query)
                if count:
                    problems.append(f"{says}: broken for {count} rows, e.g. {', '.join(examples)}")
        finally:
            connection.close()
    return problems


class _Columns:
    """Columns of ids as numbers, which show in a tenth of the time that a query takes that nothing is amiss.

    Attributes
    ----------
    files : of each dataset
    """

    def __init__(self) -> None:
        self.files: dict[str, list[str]] = {}
        self._ids: dict[str, dict[str, Ids | None]] = {}
        self._rows: dict[str, int] = {}

    def ids(self, dataset: str, column: str) -> Ids | None:
        """Return the ids of a column, nulls left out; None where anything else stands in it."""
        if dataset not in self._ids:
            self._ids[dataset] = self._read(dataset)
        return self._ids[dataset].get(column)

    def _read(self, dataset: str) -> dict[str, Ids | None]:
        """Return the ids of all columns that are asked about; each file is opened once."""
        # What compiles kernels is not needed to read a release.
        from dedup.id_numbers import read_ids

        key = DATASETS[dataset].key
        names = [name for name in key if len(key) == 1 and name in ID_COLUMNS]
        names += [r.column for r in REFERENCES if r.dataset == dataset]
        names += [r.target_column for r in REFERENCES if r.target == dataset]
        columns: dict[str, list[pa.Array]] = {name: [] for name in names}
        rows = 0
        for file in self.files[dataset] if columns else ():
            table = pq.ParquetFile(file).read(list(columns), use_threads=False)
            rows += len(table)
            for name, chunks in columns.items():
                chunks.extend(table.column(name).chunks)
        self._rows[dataset] = rows
        return {name: read_ids(pa.chunked_array(chunks, pa.string())) for name, chunks in columns.items()}

    def unique(self, dataset: str) -> bool:
        """Tell whether ids show that the key of a dataset repeats nowhere."""
        key = DATASETS[dataset].key
        ids = self.ids(dataset, key[0]) if len(key) == 1 else None
        return ids is not None and ids.distinct and self._rows[dataset] == ids.numbers.size

    def hold(self, reference: Reference) -> bool:
        """Tell whether ids show that a reference leads somewhere in every row."""
        known = self.ids(reference.target, reference.target_column)
        ids = self.ids(reference.dataset, reference.column)
        return ids is not None and known is not None and ids.within(known)


def _rises(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Tell whether the key of a dataset rises from row to row, as files are sorted.

    It repeats nowhere then, which is known in a sixth of the time that counting takes.
    """
    dataset = DATASETS[name]
    if not dataset.key or dataset.sort_by != dataset.key:
        return False
    first, keys = dataset.key[0], ", ".join(dataset.key)
    lagged = ", ".join(f"lag({column}) OVER () AS before_{column}" for column in dataset.key)
    before = ", ".join(f"before_{column}" for column in dataset.key)
    query = (
        f"SELECT {first} FROM (SELECT {keys}, {lagged} FROM {name})"
        f" WHERE before_{first} IS NOT NULL AND ({keys}) <= ({before})"
    )
    return _offenders(connection, query)[0] == 0


def _queries(present: list[str], connection: duckdb.DuckDBPyConnection, ids: _Columns) -> list[tuple[str, str]]:
    """Return (what should hold, query for what breaks it) for the datasets that are there, where it is not evident."""
    queries: list[tuple[str, str]] = []
    for name in present:
        if (key := DATASETS[name].key) and not ids.unique(name) and not _rises(connection, name):
            columns = ", ".join(key)
            queries.append(
                (
                    f"{name}: {columns} is unique",
                    f"SELECT concat_ws(' ', {columns}) FROM {name} GROUP BY {columns} HAVING count(*) > 1",
                )
            )
    queries += [
        (
            f"{r.dataset}.{r.column} stands in {r.target}.{r.target_column}",
            f"SELECT DISTINCT a.{r.column} FROM {r.dataset} a "
            f"ANTI JOIN {r.target} b ON a.{r.column} = b.{r.target_column} WHERE a.{r.column} IS NOT NULL",
        )
        for r in REFERENCES
        if r.dataset in present and r.target in present and not ids.hold(r)
    ]
    queries += [(rule.says, rule.query) for rule in RULES if all(name in present for name in rule.datasets)]
    return queries


def _queries_of_blocks(name: str, files: Sequence[str], documents: bool) -> list[tuple[str, str]]:
    """Return the same for a dataset in blocks, each of which is named after a document."""
    blocks = block_names(files)
    if not blocks:
        return []
    listed = "(VALUES " + ", ".join(f"('{block}')" for block in blocks) + ") AS t(block)"
    queries = [
        (f"{name}: a block has one file", f"SELECT block FROM {listed} GROUP BY block HAVING count(*) > 1"),
        (
            f"{name}.block stands in documents.doc_id",
            f"SELECT block FROM {listed} ANTI JOIN documents d ON d.doc_id = block",
        ),
    ]
    return queries if documents else queries[:1]


def _offenders(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, list[str]]:
    row = connection.execute(f"SELECT count(*), min(id, 3) FROM ({query}) AS offenders(id)").fetchone()
    if row is None:  # an aggregate without groups always gives a row
        raise AssertionError(query)
    return int(row[0]), [str(value) for value in row[1] or ()]
