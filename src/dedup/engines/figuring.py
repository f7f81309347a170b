"""Figures of a run: found text by text in worker processes, placed, dated, checked and gathered part by part.

A part holds whole clusters, so that what copies of a report state meets in one place, and memory stays bounded by
the size of a part however many figures there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.engines.beside import beside
from dedup.engines.figure_texts import Texts, find_in_texts
from dedup.engines.reuse_rows import Places, cluster_ids
from dedup.engines.stated_before import StatedBefore, in_order, no_flags
from dedup.engines.store import TableStore
from dedup.engines.table_spans import TableSpans
from dedup.engines.unchanged import (
    divided_rows_before,
    rows_before,
    take_over,
    unchanged_clusters,
    unchanged_sections,
)
from dedup.extraction.attribution import resolve_periods
from dedup.extraction.consistency import check_consistency, flag_observations
from dedup.extraction.facts import gather_facts
from dedup.extraction.indicators import map_indicators
from dedup.ids import make_id
from dedup.processes import map_in_processes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.engines.local import LocalRun

#: Characters of clean text in a part, about; a cluster is never divided.
PART_CHARS = 8_000_000
#: Characters of distinct text that are handed out at once, and up to which no process is started for it.
PIECE_CHARS = 250_000
ALONE_CHARS = 1_500_000


@dataclass(frozen=True)
class Part:
    """Some clusters: rows of the matched sections, and the distinct texts they have.

    Attributes
    ----------
    rows : (k,) matched rows, whole clusters
    text : (k,) which of the distinct texts each row has, -1 where what it states is known
    texts, overwritten : the distinct texts, and the year that the page put over others in each, 0 where none
    """

    rows: NDArray[np.int64]
    text: NDArray[np.int64]
    texts: list[str] = field(repr=False)
    overwritten: list[int]


def extract_figures(run: LocalRun, tables_found: pa.Table) -> dict[str, pa.Table]:
    """Return observations, checks and facts of all clusters, and the refusals of texts that could not be read.

    Texts that several copies have in common are read once. Sections that did not change keep their observations,
    whatever became of their clusters; what figures say of each other is made anew. The tables lie in mapped files.

    Parameters
    ----------
    tables_found : tables of the pages (`schemas.EXTRACTED_TABLES`); numbers that stand in them are cells, no figures
    """
    stores = {
        name: TableStore(run.work / f"{name}.arrow", schemas.DATASETS[name].schema)
        for name in ("observations", "checks", "facts")
    }
    refused: list[pa.Table] = []
    places = Places(run)
    refused_before = _refused_before(run)
    same = _unchanged(run, refused_before)
    known = _rows_of_clusters(run, places, same)
    moved = _rows_read_before(run, places, refused_before) & ~known
    in_tables = TableSpans(tables_found, run.corpus.document_facts.column("doc_id").combine_chunks())
    # Read while texts are read: the one waits for worker processes, the other for the disk.
    ids = places.ids(np.flatnonzero(moved))
    observed = beside(lambda: divided_rows_before(run, "observations", "cluster_id", same, "section_id", ids))
    before = beside(lambda: {name: rows_before(run, name, "cluster_id", same) for name in ("checks", "facts")})
    stated: StatedBefore | None = None
    texts_read = 0
    for part, figures, failures in _figures_by_part(run, known, moved):
        texts_read += len(part.texts)
        observations = _observations(run, places, part, figures)
        cells = in_tables.hold(
            observations.column("doc_id").combine_chunks(), observations.column("value_start").to_numpy()
        )
        observations = observations.filter(pa.array(~cells))
        if (part.text < 0).any():
            stated = stated or StatedBefore(observed.result()[1], places.section_ids)
            observations = pa.concat_tables([observations, _as_before(run, places, part, stated)])
        at = pc.index_in(observations.column("section_id"), places.ids(part.rows))
        observations = in_order(observations, at.to_numpy())
        checks = check_consistency(
            observations,
            _rows_of(run.tables["attributions"], part.rows),
            _conflicts(run, observations),
            _sections_as_printed(run, part),
        )
        observations = flag_observations(observations, checks)
        stores["checks"].append(schemas.conform(checks, schemas.CHECKS))
        stores["observations"].append(schemas.conform(observations, schemas.OBSERVATIONS))
        stores["facts"].append(schemas.conform(_facts(run, part, observations), schemas.FACTS))
        refused.append(_refusals(run, places, part, failures))
    kept = {"observations": observed.result()[0], **before.result()}
    tables = {name: take_over(run, name, store.read(), kept[name]) for name, store in stores.items()}
    counts = {name: table.num_rows for name, table in tables.items()}
    run.meter.note("figures", texts=texts_read, clusters_kept=len(same), **counts)
    tables["refused"] = pa.concat_tables([schemas.empty(schemas.QUARANTINE), *refused])
    return tables


def _refused_before(run: LocalRun) -> pa.Array:
    """Return the ids of sections whose figures could not be read in the last run, which are tried again."""
    if run.previous is None:
        return pa.array([], pa.string())
    refused = run.previous.arrow("quarantine", ["dataset", "record_id"])
    return refused.column("record_id").filter(pc.equal(refused.column("dataset"), "observations")).combine_chunks()


def _unchanged(run: LocalRun, refused: pa.Array) -> pa.Array:
    """Return the ids of clusters whose figures are as the last release has them; not of those with `refused`."""
    same = unchanged_clusters(run, "figures")
    membership = run.tables["membership"]
    at = pc.index_in(refused, membership.column("section_id").combine_chunks())
    return same.filter(pc.invert(pc.is_in(same, membership.column("cluster_id").take(at).combine_chunks())))


def _rows_read_before(run: LocalRun, places: Places, refused: pa.Array) -> NDArray[np.bool_]:
    """Return of which matched rows the last release says what they state; (n,)."""
    same = unchanged_sections(run, "figures")
    same = same.filter(pc.invert(pc.is_in(same, refused)))
    read: NDArray[np.bool_] = pc.is_in(places.section_ids, same).to_numpy(zero_copy_only=False).astype(bool)
    return read


def _as_before(run: LocalRun, places: Places, part: Part, stated: StatedBefore) -> pa.Table:
    """Return what the sections of a part state that are not read again."""
    rows = part.rows[part.text < 0]
    membership = run.tables["membership"]
    at = pc.index_in(places.ids(rows), membership.column("section_id").combine_chunks())
    clusters, canonical = (membership.column(name).take(at).combine_chunks() for name in ("cluster_id", "is_canonical"))
    return stated.of(rows, clusters, canonical)


def _rows_of_clusters(run: LocalRun, places: Places, clusters: pa.Array) -> NDArray[np.bool_]:
    """Return which matched rows are in some clusters; (n,)."""
    known: NDArray[np.bool_] = (
        pc.fill_null(pc.is_in(cluster_ids(run, places), clusters), False).to_numpy(zero_copy_only=False).astype(bool)
    )
    return known


def _parts(run: LocalRun, known: NDArray[np.bool_], moved: NDArray[np.bool_]) -> Iterator[Part]:
    """Yield the sections of the corpus in parts of whole clusters; what reference sources state is not published.

    Parameters
    ----------
    known : (n,) rows that are left out
    moved : (n,) rows whose texts need not be read
    """
    canonical = run.assignment.canonical
    rows = np.flatnonzero((canonical >= 0) & ~known)
    rows = rows[np.argsort(canonical[rows], kind="stable")]
    if not rows.size:
        return
    facts = run.corpus.section_facts.column("n_chars").take(pa.array(run.corpus.matched[rows]))
    chars = np.cumsum(facts.to_numpy())
    of = canonical[rows]
    ends = np.flatnonzero(np.append(of[1:] != of[:-1], True)) + 1
    overwritten = pc.fill_null(run.tables["attributions"].column("overwritten_year"), 0).to_numpy()
    start = 0
    while start < rows.size:
        before = int(chars[start - 1]) if start else 0
        last = int(np.searchsorted(chars[ends - 1], before + PART_CHARS, side="right"))
        # At least one cluster, however long it is.
        last = max(last, int(np.searchsorted(ends, start, side="right")) + 1)
        stop = int(ends[last - 1])
        yield _part(run.corpus.texts, rows[start:stop], overwritten, moved)
        start = stop


def _part(texts: pa.Array, rows: NDArray[np.int64], overwritten: NDArray[np.int32], moved: NDArray[np.bool_]) -> Part:
    fresh = ~moved[rows]
    encoded = texts.take(pa.array(rows[fresh])).dictionary_encode()
    words = encoded.indices.to_numpy().astype(np.int64)
    years = overwritten[rows[fresh]].astype(np.int64)
    # The same text reads differently where a page is known to put a year over others.
    keys, text = np.unique(np.stack([words, years], axis=1), axis=0, return_inverse=True)
    distinct = encoded.dictionary.take(pa.array(keys[:, 0])).to_pylist()
    of = np.full(rows.size, -1, dtype=np.int64)
    of[fresh] = text.reshape(-1)
    return Part(rows, of, distinct, keys[:, 1].tolist())


def _figures_by_part(
    run: LocalRun, known: NDArray[np.bool_], moved: NDArray[np.bool_]
) -> Iterator[tuple[Part, pa.Table, list[tuple[int, str]]]]:
    """Find the figures of the parts, in order; while one is used, the next ones are in work."""
    waiting: list[Part] = []

    def tasks() -> Iterator[Texts]:
        for number, part in enumerate(_parts(run, known, moved)):
            waiting.append(part)
            if not part.texts:
                yield Texts(number, 0, [], [])
            first = 0
            while first < len(part.texts):
                stop, chars = first, 0
                while stop < len(part.texts) and (stop == first or chars + len(part.texts[stop]) <= PIECE_CHARS):
                    chars += len(part.texts[stop])
                    stop += 1
                yield Texts(number, first, part.texts[first:stop], part.overwritten[first:stop])
                first = stop

    fresh = ~(known | moved)
    facts = run.corpus.section_facts.column("n_chars").take(pa.array(run.corpus.matched[fresh]))
    processes = run.settings.threads if (pc.sum(facts).as_py() or 0) > ALONE_CHARS else 1
    current = 0
    tables: list[pa.Table] = []
    failures: list[tuple[int, str]] = []
    for found in map_in_processes(find_in_texts, tasks(), processes):
        if found.part != current:
            yield waiting.pop(0), pa.concat_tables(tables), failures
            current, tables, failures = found.part, [], []
        tables.append(found.figures)
        failures += found.failures
    if tables:
        yield waiting.pop(0), pa.concat_tables(tables), failures


def _rows_of(table: pa.Table, rows: NDArray[np.int64]) -> pa.Table:
    return table.take(pa.array(rows))


def _observations(run: LocalRun, places: Places, part: Part, figures: pa.Table) -> pa.Table:
    """Return the figures of distinct texts as observations of the sections that were read and have them."""
    figures = figures.sort_by([("row", "ascending"), ("value_clean_start", "ascending"), ("clean_start", "ascending")])
    starts = np.searchsorted(figures.column("row").to_numpy(), np.arange(len(part.texts) + 1))
    fresh = np.flatnonzero(part.text >= 0)
    text = part.text[fresh]
    counts = (starts[1:] - starts[:-1])[text]
    section = np.repeat(np.arange(fresh.size), counts)
    within = np.arange(section.size) - np.repeat(np.cumsum(counts) - counts, counts)
    figure = starts[:-1][text][section] + within
    # Codes are found once per distinct text, years depend on the section that states the figure.
    codes = map_indicators(*(figures.column(name).combine_chunks() for name in ("indicator", "unit_base", "measure")))
    table = figures.append_column("indicator_id", codes).take(pa.array(figure)).drop_columns("row")
    rows = part.rows[fresh[section]]
    attributions = _rows_of(run.tables["attributions"], rows)
    year, basis = resolve_periods(table, attributions)
    spans = [
        places.spans(rows, *(table.column(n).to_numpy() for n in names))
        for names in (("clean_start", "clean_end"), ("value_clean_start", "value_clean_end"))
    ]
    membership = run.tables["membership"]
    ids = places.ids(rows)
    at = pc.index_in(ids, membership.column("section_id").combine_chunks())
    documents = run.corpus.section_facts.column("doc_id").take(pa.array(run.corpus.matched[rows])).combine_chunks()
    columns = {
        name: table.column(name) for name in table.column_names if not name.endswith(("clean_start", "clean_end"))
    }
    columns |= {
        "section_id": ids,
        "doc_id": documents,
        "cluster_id": membership.column("cluster_id").take(at),
        "is_canonical": membership.column("is_canonical").take(at),
        "char_start": pa.array(spans[0][0]),
        "char_end": pa.array(spans[0][1]),
        "value_start": pa.array(spans[1][0]),
        "value_end": pa.array(spans[1][1]),
        "quote": _quotes(run, documents, *spans[0]),
        "year": year,
        "year_basis": basis,
        "flags": no_flags(rows.size),
    }
    columns["observation_id"] = _observation_ids(columns)
    return schemas.conform(pa.table(columns), schemas.OBSERVATIONS)


def _quotes(run: LocalRun, documents: pa.Array, start: NDArray[np.int32], end: NDArray[np.int32]) -> pa.Array:
    """Return documents.text[start:end] of each observation; a document's text is decoded once."""
    rows = pc.index_in(documents, run.corpus.document_facts.column("doc_id").combine_chunks()).to_numpy()
    out: list[str] = [""] * rows.size
    texts = run.corpus.documents.column("text")
    held, text = -1, ""
    for i in np.argsort(rows, kind="stable").tolist():
        if rows[i] != held:
            held, text = rows[i], texts[int(rows[i])].as_py()
        out[i] = text[start[i] : end[i]]
    return pa.array(out, pa.string())


def _observation_ids(columns: dict[str, pa.Array]) -> pa.Array:
    """Return an id for each observation: of its section, its place and what is measured.

    Two figures of one kind at one place (one rate that two subjects share under one name) are numbered.
    """
    names = ("section_id", "value_start", "value_end", "indicator", "measure", "bound", "comparison")
    keys = zip(*(columns[name].to_pylist() for name in names), strict=True)
    taken: dict[tuple[object, ...], int] = {}
    ids = []
    for key in keys:
        again = taken.get(key, 0)
        taken[key] = again + 1
        ids.append(make_id("o", *(str(part) for part in (*key, again))))
    return pa.array(ids, pa.string())


def _conflicts(run: LocalRun, observations: pa.Table) -> pa.Table:
    conflicts = run.tables["conflicts"]
    clusters = pc.unique(observations.column("cluster_id"))
    return conflicts.filter(pc.is_in(conflicts.column("cluster_id"), clusters))


def _sections_as_printed(run: LocalRun, part: Part) -> pa.Table:
    facts = run.corpus.section_facts.take(pa.array(run.corpus.matched[part.rows]))
    documents = facts.column("doc_id").combine_chunks()
    start, end = (facts.column(name).to_numpy() for name in ("char_start", "char_end"))
    return facts.select(["section_id", "char_start"]).append_column("text", _quotes(run, documents, start, end))


def _facts(run: LocalRun, part: Part, observations: pa.Table) -> pa.Table:
    facts = run.corpus.section_facts
    held = run.corpus.matched[part.rows]
    sections = pa.table({name: facts.column(name).take(pa.array(held)) for name in ("section_id", "doc_id", "source")})
    membership = run.tables["membership"]
    at = pc.index_in(sections.column("section_id"), membership.column("section_id").combine_chunks())
    return gather_facts(
        observations,
        membership.take(at.combine_chunks()),
        sections,
        _rows_of(run.tables["attributions"], part.rows),
    )


def _refusals(run: LocalRun, places: Places, part: Part, failures: list[tuple[int, str]]) -> pa.Table:
    """Return a row of quarantine for each section whose figures could not be read."""
    rows = []
    for text, reason in failures:
        of = part.rows[part.text == text]
        sources = run.corpus.section_facts.column("source").take(pa.array(run.corpus.matched[of])).to_pylist()
        for section, source in zip(places.ids(of).to_pylist(), sources, strict=True):
            rows.append(
                {
                    "dataset": "observations",
                    "record_id": section,
                    "source": source,
                    "rule": "unreadable_figures",
                    "reason": f"the figures of this section could not be read ({reason}); please report this",
                    "record": "{}",
                }
            )
    return pa.Table.from_pylist(rows, schema=schemas.QUARANTINE)
