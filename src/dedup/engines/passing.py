"""Passages, edges and contained sections of a run as datasets, with ids and places in pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.engines.attributing import report_years
from dedup.engines.deciding import outcomes_table
from dedup.engines.deciding_passages import as_boilerplate, decided_boilerplate, without
from dedup.engines.reuse_rows import Places, cluster_ids
from dedup.ids import make_id
from dedup.reuse.contained import Contained, find_contained
from dedup.reuse.edges import share_edges
from dedup.reuse.passages import Passages, find_passages, ratios
from dedup.reuse.quoting import ends_of_sentences, quote_bytes, widen
from dedup.reuse.runs import KINDS
from dedup.text.normalise import normalise_array, utf8_buffers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.engines.local import LocalRun
    from dedup.reuse.rows import SectionRows


def find_shared_passages(run: LocalRun, rows: SectionRows, places: Places, scratch: Path) -> dict[str, pa.Table]:
    """Return passages, passage_stats, reuse_edges, decisions; membership and pairs, completed; and `contained`.

    Parameters
    ----------
    scratch : folder for working files
    """
    settings = run.settings
    passages = find_passages(
        rows,
        settings.reuse,
        folder=scratch,
        memory_limit=settings.memory_bytes // 4,
        threads=settings.threads,
    )
    ids, texts, normalised = _name_and_quote(passages, rows, places)
    boilerplate = decided_boilerplate(run.decided, ids.to_pylist(), normalised)
    passages = as_boilerplate(passages, boilerplate)
    edges = share_edges(without(passages, boilerplate), rows, settings.reuse)
    contained = find_contained(
        passages,
        rows,
        rows.texts,
        settings.reuse,
        settings.fingerprint,
        threads=settings.threads,
        memory=settings.memory_bytes // 4,
    )
    run.meter.note("passages", **passages.metrics, **edges.metrics, contained=contained.inner.size)
    clusters = cluster_ids(run, places)
    edge_table = pa.table(
        {
            "from_cluster": clusters.take(pa.array(edges.from_row)),
            "to_cluster": clusters.take(pa.array(edges.to_row)),
            "shared_chars": edges.shared_chars,
            "share_from": edges.share_from,
            "share_to": edges.share_to,
            "n_passages": edges.n_passages,
            "longest": edges.longest,
            "idf_share": edges.idf_share,
            **_years_apart(run, edges.from_row, edges.to_row),
        }
    )
    # Occurrences of one passage may have different parts of it, and then share little or nothing with each other.
    least = settings.reuse.passage_chars
    enough = (edges.longest >= least) & (edges.shared_chars >= least) & (edges.share_to > 0)
    return {
        "passages": _passages_table(passages, places, ids),
        "passage_stats": _stats_table(passages, places, ids, texts),
        "reuse_edges": schemas.conform(edge_table.filter(pa.array(enough)), schemas.REUSE_EDGES),
        "membership": _with_ratios(run, passages, rows, places),
        "pairs": _with_contained(run.copy_pairs, contained, places),
        "contained": _contained_clusters(contained, rows, clusters),
        "decisions": outcomes_table(run.decided, places.section_ids),
    }


def _years_apart(run: LocalRun, from_row: NDArray[np.int64], to_row: NDArray[np.int64]) -> dict[str, pa.Array]:
    """Return how many years lie between two reports and which is the earlier; null unless both years are sure."""
    years = report_years(run.tables["attributions"], sure=True)
    known = (years[from_row] >= 0) & (years[to_row] >= 0)
    gap = years[to_row] - years[from_row]
    words = pa.array(["to", "same", "from"]).take(pa.array(np.sign(gap) + 1))
    return {"year_gap": pa.array(gap, mask=~known), "direction": pc.if_else(pa.array(known), words, None)}


def _name_and_quote(passages: Passages, rows: SectionRows, places: Places) -> tuple[pa.Array, pa.Array, list[str]]:
    """Return of each passage the id, and the text of its best occurrence: widened to sentence borders; normalised."""
    stats = passages.stats
    row, start, end = (stats.column(name).to_numpy() for name in ("row", "clean_start", "clean_end"))
    data, offsets = utf8_buffers(rows.texts)
    spans = np.empty((stats.num_rows, 4), dtype=np.int64)
    widen(data, offsets, row, start, end, np.lexsort((start, row)), ends_of_sentences(), spans)
    exact, wide = (quote_bytes(data, spans[:, k], spans[:, k + 1] - spans[:, k]) for k in (0, 2))
    texts = pa.array([text.strip() for text in wide.to_pylist()], pa.string())
    normalised = normalise_array(exact)
    kinds = stats.column("kind").to_pylist()
    normalised = normalise_array(pa.array(exact, pa.large_string()))
    names = [make_id("x", kind, said) for kind, said in zip(kinds, normalised, strict=True)]
    sections = places.ids(row.astype(np.int64)).to_pylist()
    taken: dict[str, int] = {}
    # Two passages whose fullest occurrences say the same are told apart by where these stand.
    for i in np.lexsort((start, np.array(sections, dtype=object).astype(str))).tolist() if sections else []:
        again = taken.get(names[i], 0)
        taken[names[i]] = again + 1
        if again:
            names[i] = make_id("x", kinds[i], normalised[i], str(again))
    return pa.array(names, pa.string()), texts, normalised


def _kinds(kind: NDArray[np.uint8]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(kind.astype(np.int8)), pa.array(KINDS)).cast(pa.string())


def _passages_table(passages: Passages, places: Places, ids: pa.Array) -> pa.Table:
    table = pa.table(
        {
            "row": passages.row,
            "clean_start": passages.clean_start,
            "clean_end": passages.clean_end,
            "passage_id": ids.take(pa.array(passages.passage)),
            "kind": _kinds(passages.kind),
            "n_chars": (passages.end - passages.start).astype(np.int32),
        }
    )
    return schemas.conform(places.place(table), schemas.PASSAGES)


def _stats_table(passages: Passages, places: Places, ids: pa.Array, texts: pa.Array) -> pa.Table:
    table = places.place(passages.stats)
    families = passages.corpus_families
    ratio = pc.divide(table.column("df").cast(pa.float64()), float(max(families, 1)))
    table = table.rename_columns(["best_section" if n == "section_id" else n for n in table.column_names])
    for name, column in (
        ("passage_id", ids),
        ("text", texts),
        ("df_ratio", ratio),
        ("corpus_families", pa.array(np.full(table.num_rows, families), pa.int64())),
    ):
        table = table.append_column(name, column)
    return schemas.conform(table, schemas.PASSAGE_STATS)


def _with_ratios(run: LocalRun, passages: Passages, rows: SectionRows, places: Places) -> pa.Table:
    membership = run.tables["membership"]
    at = pc.index_in(membership.column("section_id"), places.section_ids).combine_chunks().to_numpy()
    for name, shares in zip(("template_ratio", "copied_ratio"), ratios(passages, rows), strict=True):
        place = schemas.MEMBERSHIP.get_field_index(name)
        membership = membership.set_column(place, schemas.MEMBERSHIP.field(place), pa.array(shares[at]))
    return membership


def _with_contained(pairs: pa.Table, contained: Contained, places: Places) -> pa.Table:
    """Return the pairs of copies with those of sections that lie inside others."""
    n = contained.inner.size
    inner, outer = places.ids(contained.inner), places.ids(contained.outer)
    swap = pc.greater(inner, outer)
    in_inner, in_outer = pa.array(contained.containment_inner), pa.array(contained.containment_outer)
    table = pa.table(
        {
            "section_a": pc.if_else(swap, outer, inner),
            "section_b": pc.if_else(swap, inner, outer),
            "jaccard": pa.array(contained.jaccard),
            "containment_a": pc.if_else(swap, in_outer, in_inner),
            "containment_b": pc.if_else(swap, in_inner, in_outer),
            "edit_similarity": pa.nulls(n, pa.float64()),
            "relation": pa.array(["contains"] * n, pa.string()),
            "rule": pa.array(["containment"] * n, pa.string()),
        }
    )
    both = pa.concat_tables([pairs, schemas.conform(table, schemas.PAIRS)])
    # Copies that also lie inside one another are copies; and both directions of one pair are one row.
    both = both.append_column("rank", pc.equal(both.column("relation"), "contains").cast(pa.int8()))
    both = both.sort_by([("section_a", "ascending"), ("section_b", "ascending"), ("rank", "ascending")])
    a, b = both.column("section_a"), both.column("section_b")
    if both.num_rows < 2:
        return both.drop_columns("rank")
    again = pc.and_(
        pc.equal(a.slice(1).combine_chunks(), a.slice(0, both.num_rows - 1).combine_chunks()),
        pc.equal(b.slice(1).combine_chunks(), b.slice(0, both.num_rows - 1).combine_chunks()),
    )
    keep = pa.concat_arrays([pa.array([True]), pc.invert(again)])
    return both.filter(keep).drop_columns("rank")


def _contained_clusters(contained: Contained, rows: SectionRows, clusters: pa.Array) -> pa.Table:
    """Return cluster_id and contained_in: for each contained cluster the one that holds most of it."""
    # Of two that lie inside each other the fuller one holds the other.
    holds = (contained.containment_inner > contained.containment_outer) | (
        (contained.containment_inner == contained.containment_outer)
        & (rows.order[contained.inner] > rows.order[contained.outer])
    )
    inner, outer = contained.inner[holds], contained.outer[holds]
    turn = np.lexsort((rows.order[outer], -contained.containment_inner[holds], inner))
    inner, outer = inner[turn], outer[turn]
    first = np.ones(inner.size, dtype=bool)
    first[1:] = inner[1:] != inner[:-1]
    return pa.table(
        {
            "cluster_id": clusters.take(pa.array(inner[first])),
            "contained_in": clusters.take(pa.array(outer[first])),
        }
    )
