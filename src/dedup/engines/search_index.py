"""The search index of a release: which sections hold which two-character pieces, block by block.

A block is a run of pages in the order in which they are published, cut where the ids of the pages say so. What the
index says of a block depends on its own pages alone, neither on other pages nor on clusters, so that a run makes the
blocks that changed, and the others stand in the last release.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.engines.publishing import document_ranks
from dedup.engines.store import TableStore
from dedup.releases.sharing import borders
from dedup.reuse.pieces import PieceIndex
from dedup.text.normalise import utf8_buffers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.engines.corpus import Corpus
    from dedup.engines.local import LocalRun

#: Blocks of an index at least, once it is large (up to twice as many), and sections of a block of a smaller one, about.
#: A night touches a block for each site whose pages changed; a question reads all of them.
BLOCKS = 64
BLOCK_SECTIONS = 1500
#: Bytes of text that are copied at once.
_BATCH_BYTES = 16 << 20


@dataclass(frozen=True)
class _Block:
    """Some sections that follow each other.

    Attributes
    ----------
    name : id of the document whose section is the first
    rows : (n,) rows of the sections in the corpus, in the order in which they are published
    texts : (n,) rows of their texts, -1 where a section is not searched
    """

    name: str
    rows: NDArray[np.int64]
    texts: NDArray[np.int64]


def index_texts(run: LocalRun, *, proven: bool = True) -> pa.Table:
    """Return the rows of `schemas.SEARCH` that the last release does not hold, memory-mapped.

    `run.search_blocks` says afterwards what each block is made of.

    Parameters
    ----------
    proven : whether what the last release holds obeys the rules; else all is made anew
    """
    with run.meter.measure("search"):
        blocks = list(_blocks(run.corpus))
        digests = _digests(run.corpus, blocks)
        run.search_blocks = {block.name: digest for block, digest in zip(blocks, digests, strict=True)}
        known = proven and "search" in run.heritage
        missing = [
            block
            for block, digest in zip(blocks, digests, strict=True)
            if not (known and run.staging.shares("search", block.name, digest))
        ]
        run.meter.note("search", blocks=len(blocks), made=len(missing))
        path = run.work / "search.arrow"
        # An index made before may still be mapped: its bytes stay with its readers.
        path.unlink(missing_ok=True)
        store = TableStore(path, schemas.SEARCH)
        index = PieceIndex(run.work)
        for block in missing:
            for table in _index(run.corpus, block, index):
                store.append(schemas.conform(table, schemas.SEARCH))
        return store.read()


def _blocks(corpus: Corpus) -> Iterator[_Block]:
    """Yield the blocks of a corpus, in the order of its pages."""
    facts = corpus.section_facts
    rank = document_ranks(corpus).to_numpy()
    order = np.lexsort((facts.column("ordinal").to_numpy(), rank))
    first = np.flatnonzero(np.append(True, np.diff(rank[order]) != 0)) if order.size else order
    pages = facts.column("doc_id").take(pa.array(order[first])).combine_chunks()
    starts = first[borders(pages, _wanted(corpus.matched.size))] if order.size else first
    text_of = np.full(facts.num_rows, -1, dtype=np.int64)
    text_of[corpus.matched] = np.arange(corpus.matched.size)
    names = facts.column("doc_id").take(pa.array(order[starts])).to_pylist()
    for name, start, stop in zip(names, starts, [*starts[1:], order.size], strict=True):
        rows = order[start:stop]
        yield _Block(name, rows, text_of[rows])


def _wanted(n_sections: int) -> int:
    return min(BLOCKS, n_sections // BLOCK_SECTIONS)


def _digests(corpus: Corpus, blocks: list[_Block]) -> list[str]:
    """Return for each block a digest of all that its rows are made of: texts by the hash of their normalised form."""
    facts = corpus.section_facts
    order = pa.array(np.concatenate([np.zeros(0, dtype=np.int64), *(block.rows for block in blocks)]))
    columns = [utf8_buffers(facts.column(name).take(order).combine_chunks()) for name in ("section_id", "title")]
    hashes = corpus.fingerprints.normalised_hash
    found, start = [], 0
    for block in blocks:
        digest = sha256()
        stop = start + block.rows.size
        for data, offsets in columns:
            digest.update(np.diff(offsets[start : stop + 1]).tobytes())
            digest.update(data[offsets[start] : offsets[stop]].tobytes())
        searched = block.texts >= 0
        digest.update(np.packbits(searched).tobytes())
        digest.update(hashes[block.texts[searched]].tobytes())
        found.append(digest.hexdigest())
        start = stop
    return found


def _index(corpus: Corpus, block: _Block, index: PieceIndex) -> Iterator[pa.Table]:
    """Yield the rows of a block, in the order of pieces."""
    index.clear()
    places = np.flatnonzero(block.texts >= 0)
    titles = corpus.section_facts.column("title").take(pa.array(block.rows[places])).combine_chunks()
    titles = titles.cast(pa.large_string())
    for first, last in _batches(corpus.texts, block.texts[places]):
        texts = corpus.texts.take(pa.array(block.texts[places[first:last]])).cast(pa.large_string())
        both = pa.concat_arrays([texts, titles.slice(first, last - first)])
        # A text and its title, the next text and its title, and so on.
        turns = np.arange(2 * (last - first)).reshape(2, -1).T.reshape(-1)
        doubled = 2 * places[first:last]
        index.add(both.take(pa.array(turns)), np.column_stack([doubled, doubled + 1]).reshape(-1).astype(np.int32))
    for table in index.tables():
        yield table.append_column("block", pa.repeat(block.name, len(table)))


def _batches(texts: pa.Array, rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Cut `rows` into runs of about `_BATCH_BYTES` of text."""
    if not rows.size:
        return []
    sizes = pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)[rows]
    group = (np.cumsum(sizes) - sizes) // _BATCH_BYTES
    starts = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    return list(zip(starts.tolist(), [*starts[1:].tolist(), rows.size], strict=True))
