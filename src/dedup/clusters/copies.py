"""The copies of every cluster, compared with their canonical text: conflicts, repairs and the consensus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.clusters.conflicts import CONFLICT_TYPES, Sentences, conflicts_between, figures_first
from dedup.clusters.differences import Difference, align
from dedup.clusters.repairs import apply_repairs, find_repairs
from dedup.processes import map_in_processes

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Conflicts kept of one copy, the most important ones; further ones are counted.
CONFLICTS_PER_COPY = 500
#: Rows of copies with one and the same text that get conflicts and repairs of their own; of further ones they are
#: counted, for they only say the same once more.
COPIES_PER_TEXT = 1000
#: Distinct texts of one cluster that vote with each other, beside the canonical one: the best, then the next best.
VOTERS = 127
#: Bytes of text that are worked on at a time.
_TASK_BYTES = 1 << 22
#: Below this many bytes of copies no worker process is worth its start.
_ALONE_BYTES = 1 << 25

CONFLICT_ROWS = pa.schema(
    [
        ("canonical_row", pa.int64()),
        ("row", pa.int64()),
        ("type", pa.string()),
        ("canonical_quote", pa.large_string()),
        ("quote", pa.large_string()),
        ("canonical_clean_start", pa.int32()),
        ("canonical_clean_end", pa.int32()),
        ("clean_start", pa.int32()),
        ("clean_end", pa.int32()),
        ("context", pa.large_string()),
    ]
)
REPAIR_ROWS = pa.schema(
    [
        ("canonical_row", pa.int64()),
        ("row", pa.int64()),
        ("kind", pa.string()),
        ("clean_start", pa.int32()),
        ("clean_end", pa.int32()),
        ("quote", pa.large_string()),
        ("repaired", pa.large_string()),
        ("donor_row", pa.int64()),
        ("donor_clean_start", pa.int32()),
        ("donor_clean_end", pa.int32()),
        ("n_agreeing", pa.int64()),
        ("reason", pa.large_string()),
    ]
)
CONSENSUS_ROWS = pa.schema([("canonical_row", pa.int64()), ("text", pa.large_string()), ("repairs", pa.int64())])


@dataclass(frozen=True)
class CopyFindings:
    """What the copies of all clusters tell.

    Attributes
    ----------
    conflicts : `CONFLICT_ROWS`, by cluster, importance of the type, place, copy
    repairs : `REPAIR_ROWS`, by cluster, row, place; those of one row do not overlap
    consensus : `CONSENSUS_ROWS`, one row per cluster whose canonical text was repaired
    distinct_pairs : pairs of different texts that were aligned
    equal_copies : copies whose text is that of their canonical section or of another copy: aligned never or once
    conflicts_dropped, repairs_dropped : not written, beyond `CONFLICTS_PER_COPY` and `COPIES_PER_TEXT`
    """

    conflicts: pa.Table
    repairs: pa.Table
    consensus: pa.Table
    distinct_pairs: int
    equal_copies: int
    conflicts_dropped: int
    repairs_dropped: int


@dataclass(frozen=True)
class Group:
    """Some distinct texts of one cluster, the canonical one first, and the rows that have each of them."""

    texts: list[str]
    rows: list[list[int]]
    first: bool


@dataclass(frozen=True)
class Findings:
    """What some groups of copies tell, as in `CopyFindings`."""

    conflicts: pa.Table
    repairs: pa.Table
    consensus: pa.Table
    pairs: int
    conflicts_dropped: int
    repairs_dropped: int


_Row = tuple[object, ...]


def find_conflicts(
    texts: pa.Array, canonical: NDArray[np.int64], order: NDArray[np.int64], *, threads: int = 1
) -> pa.Table:
    """Return the places in which copies differ from their canonical section: see `examine_copies`."""
    return examine_copies(texts, canonical, order, threads=threads).conflicts


def examine_copies(
    texts: pa.Array, canonical: NDArray[np.int64], order: NDArray[np.int64], *, threads: int = 1
) -> CopyFindings:
    """Compare the copies of each cluster with its canonical text, and repair what is recognisably damaged.

    Parameters
    ----------
    texts : (n,) clean texts; read a few at a time, so they may be memory-mapped
    canonical : (n,) row of the canonical section of each row's cluster; itself, or -1, where there is none
    order : (n,) rank of each row, 0 is best: which of several equal donors is named
    threads : worker processes at most; they are started for large amounts of text only

    Notes
    -----
    Every different text of a cluster is aligned once with the canonical one. In clusters with more than `VOTERS`
    different texts, copies vote in groups of so many, from the best down, and the first group makes the consensus:
    time and memory stay linear in the number of copies.
    """
    clusters = _clusters_of_copies(canonical, order)
    lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False)
    n_bytes = sum(int(lengths[rows].sum()) for rows in clusters)
    processes = threads if n_bytes > _ALONE_BYTES else 1
    found = list(map_in_processes(examine_groups, _tasks(texts, lengths, clusters), processes))
    pairs = sum(f.pairs for f in found)
    return CopyFindings(
        _figures_first(pa.concat_tables([CONFLICT_ROWS.empty_table(), *(f.conflicts for f in found)])),
        pa.concat_tables([REPAIR_ROWS.empty_table(), *(f.repairs for f in found)]).sort_by(
            [(name, "ascending") for name in ("canonical_row", "row", "clean_start")]
        ),
        pa.concat_tables([CONSENSUS_ROWS.empty_table(), *(f.consensus for f in found)]),
        pairs,
        sum(len(rows) - 1 for rows in clusters) - pairs,
        sum(f.conflicts_dropped for f in found),
        sum(f.repairs_dropped for f in found),
    )


def _clusters_of_copies(canonical: NDArray[np.int64], order: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the rows of each cluster of two and more: the canonical row, then the others by rank."""
    rows = np.flatnonzero(canonical >= 0)
    rows = rows[np.lexsort((order[rows], rows != canonical[rows], canonical[rows]))]
    starts = np.flatnonzero(np.diff(canonical[rows], prepend=-1))
    return [part for part in np.split(rows, starts[1:]) if part.size > 1]


def _groups(texts: pa.Array, rows: NDArray[np.int64]) -> Iterator[Group]:
    """Yield the distinct texts of a cluster with the canonical one, at most `VOTERS` beside it at a time."""
    holders: dict[bytes, list[int]] = {}
    for row in rows.tolist():
        digest = blake2b(texts[row].as_buffer(), digest_size=16).digest()
        holders.setdefault(digest, []).append(row)
    canonical, *others = holders.values()
    for start in range(0, len(others), VOTERS):
        some = [canonical, *others[start : start + VOTERS]]
        yield Group([texts[held[0]].as_py() for held in some], some, start == 0)


def _tasks(texts: pa.Array, lengths: NDArray[np.int64], clusters: Sequence[NDArray[np.int64]]) -> Iterator[list[Group]]:
    task: list[Group] = []
    size = 0
    for rows in clusters:
        for group in _groups(texts, rows):
            task.append(group)
            size += sum(int(lengths[held[0]]) for held in group.rows)
            if size > _TASK_BYTES:
                yield task
                task, size = [], 0
    if task:
        yield task


def examine_groups(groups: Sequence[Group]) -> Findings:
    """Return the findings of some groups of copies; this is what worker processes do."""
    conflicts: list[_Row] = []
    repairs: list[_Row] = []
    consensus: list[_Row] = []
    pairs = conflicts_dropped = repairs_dropped = 0
    for group in groups:
        texts, rows = group.texts, group.rows
        canonical = rows[0][0]
        sentences = Sentences(texts[0])
        differences = [[], *(align(texts[0], text) for text in texts[1:])]
        for text, held, found in zip(texts[1:], rows[1:], differences[1:], strict=True):
            pairs += 1
            conflicts_dropped += _add_conflicts(texts[0], text, sentences, canonical, held, found, conflicts)
        repaired = find_repairs(texts, differences)
        for r in repaired:
            if r.text or group.first:
                donor = rows[r.donor][0]
                repairs += (
                    (canonical, row, r.kind, r.start, r.end, r.quote, r.repaired, donor, r.donor_start, r.donor_end,
                     r.n_agreeing, r.reason)
                    for row in rows[r.text][:COPIES_PER_TEXT]
                )  # fmt: skip
                repairs_dropped += max(0, len(rows[r.text]) - COPIES_PER_TEXT)
        own = [r for r in repaired if r.text == 0]
        if own and group.first:
            consensus.append((canonical, apply_repairs(texts[0], own), len(own)))
    return Findings(
        _table(conflicts, CONFLICT_ROWS),
        _table(repairs, REPAIR_ROWS),
        _table(consensus, CONSENSUS_ROWS),
        pairs,
        conflicts_dropped,
        repairs_dropped,
    )


def _add_conflicts(
    a: str,
    b: str,
    sentences: Sentences,
    canonical: int,
    held: Sequence[int],
    differences: Sequence[Difference],
    out: list[_Row],
) -> int:
    """Append the conflicts of one text for the rows that have it; return how many were too many."""
    rows = held[:COPIES_PER_TEXT]
    found = figures_first(conflicts_between(a, b, differences))
    for c in found[:CONFLICTS_PER_COPY]:
        quotes = a[c.a_start : c.a_end], b[c.b_start : c.b_end]
        context = sentences.around(c.a_start, c.a_end)
        out += ((canonical, row, c.type, *quotes, c.a_start, c.a_end, c.b_start, c.b_end, context) for row in rows)
    return len(found) * len(held) - min(len(found), CONFLICTS_PER_COPY) * len(rows)


def _table(rows: Sequence[_Row], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def _figures_first(conflicts: pa.Table) -> pa.Table:
    rank = pc.index_in(conflicts.column("type"), pa.array(CONFLICT_TYPES))
    keys = ["canonical_row", "rank", "canonical_clean_start", "clean_start", "row"]
    ranked = conflicts.append_column("rank", rank)
    return conflicts.take(pc.sort_indices(ranked, [(key, "ascending") for key in keys]))
