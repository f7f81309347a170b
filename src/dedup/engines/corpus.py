"""The corpus of a run: what was read and cut, as tables that the later stages share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.engines.store import PrintStore, TextStore
from dedup.fingerprinting.minhash import Fingerprints

#: Columns of documents and sections that stay in memory through a run; texts stay on disk.
NARROW_DOCUMENTS = [n for n in schemas.DOCUMENTS.names if n not in ("text", "tables_html")]
NARROW_SECTIONS = [n for n in schemas.SECTIONS.names if n not in ("clean_text", "clean_map")]
#: Texts that are copied at once when some are taken out.
_ROWS = 4096


@dataclass(frozen=True)
class Standing:
    """Documents of the release in the making, by what the run made of them.

    Attributes
    ----------
    new, changed, unchanged : read, and not known before; known with other bytes; known as they are
    carried : not read, and taken over from the last release
    """

    new: int
    changed: int
    unchanged: int
    carried: int


@dataclass(frozen=True)
class Corpus:
    """All documents and sections of the release in the making.

    Attributes
    ----------
    documents, sections : whole tables, memory-mapped
    document_facts, section_facts : the same rows without texts, in memory
    matched : (k,) rows of `sections` that are fingerprinted, matched and clustered
    texts : large_string array of their clean texts, memory-mapped
    fingerprints : of those texts
    quarantine : what could not be read
    standing : documents by what this run made of them
    folder : of the working files
    """

    documents: pa.Table
    sections: pa.Table
    document_facts: pa.Table
    section_facts: pa.Table
    matched: np.ndarray
    texts: pa.Array
    fingerprints: Fingerprints
    quarantine: pa.Table
    standing: Standing
    n_bytes: int
    folder: Path


def drop_documents(corpus: Corpus, dropped: np.ndarray, quarantine: pa.Table) -> Corpus:
    """Return the corpus without some documents and their sections.

    Parameters
    ----------
    dropped : rows of `documents`
    quarantine : why, a row for each
    """
    # Several documents may have one id here; their sections stand in document order, beginning with ordinal 0.
    owner = np.cumsum(corpus.section_facts.column("ordinal").to_numpy() == 0) - 1
    keep = ~np.isin(owner, dropped)
    kept = np.ones(corpus.documents.num_rows, dtype=bool)
    kept[dropped] = False
    new_row = np.cumsum(keep) - 1
    slim = _keep_texts(corpus, keep[corpus.matched])
    return replace(
        slim,
        documents=filter_mapped(corpus.documents, kept),
        sections=filter_mapped(corpus.sections, keep),
        document_facts=corpus.document_facts.filter(pa.array(kept)),
        section_facts=corpus.section_facts.filter(pa.array(keep)),
        matched=new_row[slim.matched],
        quarantine=pa.concat_tables([corpus.quarantine, quarantine]),
    )


def withdraw_sections(corpus: Corpus, section_ids: pa.Array, quarantine: pa.Table) -> Corpus:
    """Return the corpus with some sections set aside: they stay as evidence, but nothing is matched with them."""
    ids = corpus.section_facts.column("section_id").take(pa.array(corpus.matched))
    keep = pc.invert(pc.is_in(ids, section_ids)).to_numpy(zero_copy_only=False)
    return replace(_keep_texts(corpus, keep), quarantine=pa.concat_tables([corpus.quarantine, quarantine]))


def filter_mapped(table: pa.Table, keep: np.ndarray) -> pa.Table:
    """Return some rows of a mapped table; the parts of it that lose nothing stay mapped."""
    parts: list[pa.RecordBatch] = []
    row = 0
    for batch in table.to_batches():
        mask = keep[row : row + batch.num_rows]
        row += batch.num_rows
        if mask.all():
            parts.append(batch)
        elif mask.any():
            parts.append(batch.filter(pa.array(mask)))
    return pa.Table.from_batches(parts, table.schema)


def take_mapped(table: pa.Table, rows: np.ndarray) -> pa.Table:
    """Return some rows of a mapped table, part by part: a take from the whole would join all parts of its texts first.

    Parameters
    ----------
    rows : (k,) ascending
    """
    parts: list[pa.RecordBatch] = []
    first = 0
    for batch in table.to_batches():
        low, high = np.searchsorted(rows, [first, first + batch.num_rows])
        if high > low:
            parts.append(batch.take(pa.array(rows[low:high] - first)))
        first += batch.num_rows
    return pa.Table.from_batches(parts, table.schema)


def _keep_texts(corpus: Corpus, keep: np.ndarray) -> Corpus:
    """Return the corpus with some of the matched texts, written anew, since kernels want them side by side."""
    if keep.all():
        return corpus
    prints = corpus.fingerprints
    name = f"kept{sum(1 for _ in corpus.folder.glob('kept*.texts.bin'))}"
    with TextStore(corpus.folder / f"{name}.texts.bin") as texts, PrintStore(corpus.folder, name) as slim:
        for start in range(0, keep.size, _ROWS):
            rows = slice(start, start + _ROWS)
            mask = keep[rows]
            texts.append(corpus.texts.slice(start, mask.size).filter(pa.array(mask)))
            slim.append(
                Fingerprints(
                    prints.signatures[rows][mask], prints.n_shingles[rows][mask], prints.normalised_hash[rows][mask]
                )
            )
        return replace(corpus, matched=corpus.matched[keep], texts=texts.read(), fingerprints=slim.read())


def set_aside(corpus: Corpus, failing: pa.Table) -> Corpus:
    """Take rows of documents and sections that break a row rule out of the run.

    Parameters
    ----------
    failing : rows for quarantine (`schemas.QUARANTINE`) with the ids of documents and sections as `record_id`
    """
    of_documents = failing.filter(pc.equal(failing.column("dataset"), "documents"))
    of_sections = failing.filter(pc.equal(failing.column("dataset"), "sections"))
    if of_sections.num_rows:
        corpus = withdraw_sections(corpus, of_sections.column("record_id").combine_chunks(), of_sections)
    if of_documents.num_rows:
        ids = corpus.document_facts.column("doc_id").combine_chunks()
        # A record is known to its owner by its uri, and stands once in quarantine however many rules it breaks.
        rows = pc.index_in(of_documents.column("record_id"), ids).combine_chunks().to_numpy()
        first = np.unique(rows, return_index=True)[1]
        place = schemas.QUARANTINE.get_field_index("record_id")
        uris = corpus.document_facts.column("uri").combine_chunks().take(pa.array(rows[first]))
        refused = of_documents.take(pa.array(first)).set_column(place, schemas.QUARANTINE.field(place), uris)
        corpus = drop_documents(corpus, np.sort(rows[first]), refused)
    return corpus
