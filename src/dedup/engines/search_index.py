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

from dedup import schemas
from dedup.engines.publishing import document_ranks
from dedup.engines.store import TableStore
from dedup.releases.chunking import borders
from dedup.reuse.pieces import MOST_POSITIONS, Placed, index_pieces
from dedup.text.normalise import utf8_buffers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.engines.corpus import Corpus
    from dedup.engines.local import LocalRun

#: Blocks of an index at least, once it is large (up to twice as many), and sections of a block of a smaller one, about.
#: A night touches a block for each site whose pages changed; a question reads all of them, and each names its pieces.
BLOCKS = 32
BLOCK_SECTIONS = 1500


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
        # In the order of names, so that keys rise from row to row.
        missing.sort(key=lambda block: block.name)
        run.meter.note("search", blocks=len(blocks), made=len(missing))
        path = run.work / "search.arrow"
        # An index made before may still be mapped: its bytes stay with its readers.
        path.unlink(missing_ok=True)
        store = TableStore(path, schemas.SEARCH)
        for block in missing:
            for table in _index(run.corpus, block):
                store.append(schemas.conform(table, schemas.SEARCH))
        return store.read()


def _blocks(corpus: Corpus) -> Iterator[_Block]:
    """Yield the blocks of a corpus, in the order of its pages."""
    facts = corpus.section_facts
    if not facts.num_rows:
        return
    rank = document_ranks(corpus).to_numpy()
    order = np.lexsort((facts.column("ordinal").to_numpy(), rank))
    first = np.flatnonzero(np.append(True, np.diff(rank[order]) != 0))
    pages = facts.column("doc_id").take(pa.array(order[first])).combine_chunks()
    starts = first[borders(pages, wanted_blocks(corpus.matched.size))]
    text_of = np.full(facts.num_rows, -1, dtype=np.int64)
    text_of[corpus.matched] = np.arange(corpus.matched.size)
    names = facts.column("doc_id").take(pa.array(order[starts])).to_pylist()
    for name, start, stop in zip(names, starts, [*starts[1:], order.size], strict=True):
        rows = order[start:stop]
        yield _Block(name, rows, text_of[rows])


def wanted_blocks(n_sections: int) -> int:
    """Return how many blocks an index of so many sections is cut into, about."""
    # Blocks differ in size, and a section has two positions.
    return max(min(BLOCKS, n_sections // BLOCK_SECTIONS), 32 * n_sections // MOST_POSITIONS)


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


def _index(corpus: Corpus, block: _Block) -> Iterator[pa.Table]:
    """Yield the rows of a block, in the order of pieces."""
    places = np.flatnonzero(block.texts >= 0)
    titles = corpus.section_facts.column("title").take(pa.array(block.rows[places])).combine_chunks()
    for table in index_pieces(place_texts(corpus.texts, block.texts[places], titles, places)):
        yield table.append_column("block", pa.repeat(block.name, len(table)))


def place_texts(
    texts: pa.Array, rows: NDArray[np.int64], titles: pa.Array, places: NDArray[np.int64]
) -> tuple[Placed, Placed]:
    """Return texts and titles of sections as they are indexed.

    Parameters
    ----------
    texts, rows : clean texts, and which of them
    titles : (n,) titles of these
    places : (n,) places of the sections in their block
    """
    return Placed(texts, rows, 2 * places), Placed(titles, np.arange(places.size), 2 * places + 1)
