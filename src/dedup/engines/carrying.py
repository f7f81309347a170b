"""Documents of the last release that a run keeps, with their sections and fingerprints as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup import schemas
from dedup.engines.corpus import NARROW_DOCUMENTS
from dedup.engines.heritage import CUT_COLUMNS, same_rows
from dedup.engines.prefetch import Prefetch
from dedup.fingerprinting.minhash import Fingerprints, signature_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.engines.admission import Admission
    from dedup.engines.store import PrintStore
    from dedup.releases import Release
    from dedup.settings import FingerprintSettings

#: Columns of the known documents that stay in memory while sources are read.
KNOWN_COLUMNS = [*dict.fromkeys([*CUT_COLUMNS, "uri"])]
#: Rows of Parquet that are decoded at once, and fingerprints that are copied at once.
_BATCH_ROWS = 512
_PRINT_ROWS = 65_536


class KnownDocuments:
    """The documents of the last release, told apart from what a run reads.

    Parameters
    ----------
    release : the last release, whose sections may be taken over
    """

    def __init__(self, release: Release) -> None:
        self.release = release
        self.table = release.arrow("documents", KNOWN_COLUMNS).combine_chunks()
        self._again: list[pa.Table] = []

    def split(self, documents: pa.Table) -> pa.Table:
        """Return the documents that are new or changed, and remember the others as seen again."""
        same = same_rows(documents, self.table, "doc_id", CUT_COLUMNS)
        again = documents.filter(same)
        if again.num_rows:
            # What they say is known; only what is known about them may be newer.
            self._again.append(again.select(NARROW_DOCUMENTS))
        return documents.filter(pc.invert(same))

    def kept(self, seen: pa.Array, admission: Admission) -> _Kept:
        """Return which documents go on as they are: those seen again, and those not read that nobody keeps out."""
        again = pa.concat_tables([schemas.DOCUMENTS.empty_table().select(NARROW_DOCUMENTS), *self._again])
        rows_again = pc.index_in(again.column("doc_id"), self.table.column("doc_id").combine_chunks())
        absent = pc.invert(pc.is_in(self.table.column("doc_id"), seen)).combine_chunks()
        absent = pc.and_(absent, admission.carries(self.table.to_batches()[0]) if self.table.num_rows else absent)
        carried = np.flatnonzero(absent.to_numpy(zero_copy_only=False))
        rows = np.concatenate([carried, rows_again.combine_chunks().to_numpy().astype(np.int64)])
        news = np.concatenate([np.full(carried.size, -1), np.arange(again.num_rows)])
        order = np.argsort(rows, kind="stable")
        return _Kept(self.release, rows[order], news[order], again.combine_chunks())


class _Kept:
    """Documents of a release that go on, in its order.

    Parameters
    ----------
    rows : (k,) rows of its documents, ascending; a document that was read twice stands twice
    news : (k,) row of `again` that says what is known about each now, -1 where nothing new is
    """

    def __init__(self, release: Release, rows: NDArray[np.int64], news: NDArray[np.int64], again: pa.Table) -> None:
        self._release = release
        self._rows = rows
        self._news = news
        self._again = again

    def __len__(self) -> int:
        return int(self._rows.size)

    def pieces(self, most_chars: int) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Yield documents and their sections, some at a time, both in the order of the release.

        Two threads decode what comes next, of documents and of sections, while the caller uses a piece.
        """
        owner = self._owners()
        chars = np.cumsum(self._release.arrow("documents", ["n_chars"]).column(0).to_numpy())
        bounds = [0]
        while bounds[-1] < chars.size:
            before = int(chars[bounds[-1] - 1]) if bounds[-1] else 0
            bounds.append(max(bounds[-1] + 1, int(np.searchsorted(chars, before + most_chars, side="right"))))
        firsts = np.searchsorted(owner, bounds)
        with (
            Prefetch(_blocks(self._release, "documents", np.diff(bounds))) as documents,
            Prefetch(_blocks(self._release, "sections", np.diff(firsts))) as sections,
        ):
            for number, (block, parts) in enumerate(zip(documents, sections, strict=True)):
                start, stop = bounds[number], bounds[number + 1]
                low, high = np.searchsorted(self._rows, [start, stop])
                if high > low:
                    of_parts = owner[firsts[number] : firsts[number + 1]]
                    yield self._piece(block, parts, of_parts, slice(int(low), int(high)), start)

    def _piece(
        self, block: pa.Table, parts: pa.Table, owner: NDArray[np.int64], kept: slice, start: int
    ) -> tuple[pa.Table, pa.Table]:
        rows, news = self._rows[kept], self._news[kept]
        whole = np.array_equal(rows, np.arange(start, start + block.num_rows))
        documents = block if whole else block.take(pa.array(rows - start))
        if (news >= 0).any():
            documents = self._with_news(documents, news)
        if whole:
            return documents, parts
        low, high = np.searchsorted(owner, rows, "left"), np.searchsorted(owner, rows, "right")
        counts = high - low
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        return documents, parts.take(pa.array(np.repeat(low, counts) + within))

    def _with_news(self, documents: pa.Table, news: NDArray[np.int64]) -> pa.Table:
        told = pa.array(news >= 0)
        at = pa.array(np.maximum(news, 0))
        for name in NARROW_DOCUMENTS:
            place = schemas.DOCUMENTS.get_field_index(name)
            newer = self._again.column(name).combine_chunks().take(at)
            column = pc.if_else(told, newer, documents.column(name).combine_chunks())
            documents = documents.set_column(place, schemas.DOCUMENTS.field(place), column)
        return documents

    def _owners(self) -> NDArray[np.int64]:
        """Return the document of each section, as rows of the release; sections stand in the order of documents."""
        ids = self._release.arrow("documents", ["doc_id"]).column(0).combine_chunks()
        owner = pc.index_in(self._release.arrow("sections", ["doc_id"]).column(0), ids)
        rows: NDArray[np.int64] = owner.combine_chunks().to_numpy(zero_copy_only=False).astype(np.int64)
        return rows


def follows_documents(release: Release) -> bool:
    """Tell whether the sections of a release stand in the order of its documents, as this version writes them."""
    ids = release.arrow("documents", ["doc_id"]).column(0).combine_chunks()
    owner = pc.index_in(release.arrow("sections", ["doc_id"]).column(0), ids).combine_chunks()
    return not owner.null_count and bool((np.diff(owner.to_numpy()) >= 0).all())


def _blocks(release: Release, name: str, sizes: NDArray[np.int64]) -> Iterator[pa.Table]:
    """Yield the rows of a dataset, in order, as tables of these sizes."""
    schema = schemas.DATASETS[name].schema
    batches = _batches(release, name)
    held: pa.RecordBatch | None = None
    for size in sizes.tolist():
        taken: list[pa.RecordBatch] = []
        missing = size
        while missing:
            batch = held if held is not None else next(batches)
            held = batch.slice(missing) if batch.num_rows > missing else None
            taken.append(batch.slice(0, missing))
            missing -= taken[-1].num_rows
        whole = pa.Table.from_batches(taken, None if taken else schema)
        yield schemas.conform(whole, schema).combine_chunks()


def _batches(release: Release, name: str) -> Iterator[pa.RecordBatch]:
    for path in release.files(name):
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=_BATCH_ROWS)


def carry_prints(
    release: Release | None, ids: pa.Array, texts: pa.Array, prints: PrintStore, settings: FingerprintSettings
) -> int:
    """Append the fingerprints of sections that are taken over; what the release does not hold is made.

    Parameters
    ----------
    release : whose fingerprints are taken; None makes all of them
    ids, texts : section ids and clean texts, in order

    Returns
    -------
    how many were made
    """
    at = np.full(len(ids), -1, dtype=np.int64)
    columns: tuple[NDArray[Any], ...] = ()
    if release is not None:
        known = release.arrow("fingerprints")
        at = pc.index_in(ids, known.column("section_id").combine_chunks()).fill_null(-1).to_numpy().astype(np.int64)
        signatures = known.column("signature").combine_chunks().flatten().to_numpy().reshape(-1, schemas.NUM_PERM)
        columns = signatures, known.column("n_shingles").to_numpy(), known.column("normalised_hash").to_numpy()
        del known
    made = 0
    for start in range(0, at.size, _PRINT_ROWS):
        rows = at[start : start + _PRINT_ROWS]
        missing = np.flatnonzero(rows < 0)
        made += missing.size
        fresh = signature_matrix(
            texts.slice(start, rows.size).take(pa.array(missing)), ngram=settings.ngram, unit=settings.unit
        )
        if missing.size == rows.size:
            prints.append(fresh)
            continue
        signatures, n_shingles, hashes = (column.take(np.maximum(rows, 0), axis=0) for column in columns)
        signatures[missing], n_shingles[missing], hashes[missing] = (
            fresh.signatures,
            fresh.n_shingles,
            fresh.normalised_hash,
        )
        prints.append(Fingerprints(signatures, n_shingles, hashes))
    return made
