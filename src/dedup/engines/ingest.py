"""The first stage of a run: read, cut and fingerprint piece by piece, into working files.

A thread reads ahead, processes cut, and this thread fingerprints and writes what they give.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.engines.admission import Admission
from dedup.engines.carrying import KnownDocuments, carry_prints
from dedup.engines.corpus import NARROW_DOCUMENTS, NARROW_SECTIONS, Corpus, Standing, drop_documents
from dedup.engines.crew import Crew, Cut
from dedup.engines.heritage import Heritage
from dedup.engines.prefetch import Prefetch
from dedup.engines.store import PrintStore, TableStore, TextStore
from dedup.fingerprinting.minhash import signature_matrix
from dedup.settings import Settings, SourceSettings
from dedup.sources import SourceBatch, read_batches
from dedup.sources.batch import record_json
from dedup.sources.provenance import Occurrences, content_key

if TYPE_CHECKING:
    from dedup.engines.observing import Meter, Observer
    from dedup.releases import Release


def ingest(
    sources: Sequence[SourceSettings],
    settings: Settings,
    folder: Path,
    previous: Release | None,
    *,
    now: datetime,
    limit: int | None,
    observer: Observer,
    meter: Meter,
    admission: Admission | None = None,
    heritage: Heritage | None = None,
) -> Corpus:
    """Read the sources, add what the last release holds beside them, cut and fingerprint what is new.

    A run adds to what is there: documents of the last release that were not seen again are carried over, but for
    those that `admission` (default: everybody) keeps out. Documents that are carried over, or were read and did not
    change, keep their sections and fingerprints as far as `heritage` (default: nothing) allows it.
    """
    admission = admission or Admission()
    heritage = heritage or Heritage(previous, frozenset(), ())
    known = KnownDocuments(previous) if previous is not None and "cut" in heritage else None
    documents = TableStore(folder / "documents.arrow", schemas.DOCUMENTS)
    sections = TableStore(folder / "sections.arrow", schemas.SECTIONS)
    matched: list[np.ndarray] = []
    refused: list[pa.Table] = []
    seen: list[pa.Array] = []
    done = n_files = n_bytes = 0

    with (
        TextStore(folder / "texts.bin") as texts,
        PrintStore(folder) as prints,
        Crew(settings) as crew,
    ):

        def keep(some: pa.Table, parts: pa.Table) -> tuple[pa.Array, pa.Array]:
            """Store documents and their sections; returns ids and texts of the sections that are matched."""
            kinds = parts.column("kind")
            rows = np.flatnonzero(pc.is_in(kinds, pa.array(schemas.MATCHED_KINDS)).to_numpy(zero_copy_only=False))
            matched.append(rows + sections.rows)
            documents.append(some)
            sections.append(parts)
            chosen = parts.select(["section_id", "clean_text"])
            chosen = chosen if rows.size == parts.num_rows else chosen.take(pa.array(rows))
            ids, clean = (column.combine_chunks() for column in chosen.columns)
            texts.append(clean)
            return ids, clean

        def take(cut: Cut) -> None:
            meter.spend("cut", cut.wall_s, cut.cpu_s)
            _, clean = keep(cut.documents, cut.sections)
            with meter.add("fingerprint"):
                prints.append(signature_matrix(clean, ngram=settings.fingerprint.ngram, unit=settings.fingerprint.unit))

        def read(batches: Iterable[SourceBatch]) -> Iterator[pa.Table]:
            nonlocal n_files, n_bytes
            for batch in map(admission.admit, batches):
                refused.append(batch.quarantine)
                n_files += batch.n_files
                n_bytes += batch.n_bytes
                seen.append(batch.documents.column("doc_id").combine_chunks())
                fresh = known.split(batch.documents) if known is not None else batch.documents
                if fresh.num_rows:
                    yield fresh
                else:
                    observer.advanced("read", n_files, f"{done:,} documents")

        with Prefetch(read_batches(sources, settings.read, now=now, limit=limit)) as ahead:
            for cut in crew.cut(read(ahead)):
                take(cut)
                done += cut.documents.num_rows
                observer.advanced("read", n_files, f"{done:,} documents")
            meter.spend("read", ahead.wall_s, ahead.cpu_s)
        n_cut = done
        admission.settle()
        read_again = pa.concat_arrays([pa.array([], pa.string()), *seen])
        if known is None:
            for cut in crew.cut(_carried_over(previous, read_again, settings.read.batch_chars, admission)):
                take(cut)
                done += cut.documents.num_rows
                observer.advanced("read", n_files, f"{done:,} documents")
            n_cut = done
        else:
            with meter.add("carry"):
                ids = [pa.array([], pa.string())]
                n_made = texts.rows
                for some, parts in known.kept(read_again, admission).pieces(settings.read.batch_chars):
                    ids.append(keep(some, parts)[0])
                    done += some.num_rows
                    observer.advanced("read", n_files, f"{done:,} documents")
                carry_prints(
                    previous if "fingerprint" in heritage else None,
                    pa.concat_arrays(ids),
                    texts.read().slice(n_made),
                    prints,
                    settings.fingerprint,
                )
        meter.note("cut", documents=n_cut, kept=done - n_cut)

        all_documents, all_sections = documents.read(), sections.read()
        corpus = Corpus(
            all_documents,
            all_sections,
            all_documents.select(NARROW_DOCUMENTS).combine_chunks(),
            all_sections.select(NARROW_SECTIONS).combine_chunks(),
            np.concatenate([np.zeros(0, dtype=np.int64), *matched]),
            texts.read(),
            prints.read(),
            pa.concat_tables([schemas.empty(schemas.QUARANTINE), *refused]),
            Standing(0, 0, 0, 0),
            n_bytes,
            folder,
        )
    corpus = _keep_known_dates(_one_name_per_refusal(_one_document_per_uri(corpus)), previous)
    return replace(corpus, standing=_count(corpus.document_facts, read_again, previous))


def _count(facts: pa.Table, seen: pa.Array, previous: Release | None) -> Standing:
    """Count the documents of the release in the making by what this run made of them."""
    n = facts.num_rows
    if previous is None:
        return Standing(n, 0, 0, 0)
    known = previous.arrow("documents", ["doc_id", "sha256"])
    ids = facts.column("doc_id")
    at = pc.index_in(ids, known.column("doc_id").combine_chunks()).combine_chunks()
    same = pc.equal(known.column("sha256").combine_chunks().take(at), facts.column("sha256").combine_chunks())
    was_known, was_read = pc.is_valid(at), pc.is_in(ids, seen).combine_chunks()
    again = pc.and_(was_known, was_read)
    unchanged = _true(pc.and_(again, pc.fill_null(same, False)))
    return Standing(
        n - _true(was_known), _true(again) - unchanged, unchanged, _true(pc.and_(was_known, pc.invert(was_read)))
    )


def _true(mask: pa.Array) -> int:
    return int(pc.sum(mask.cast(pa.int64())).as_py() or 0)


def _carried_over(
    previous: Release | None, read_again: pa.Array, batch_chars: int, admission: Admission
) -> Iterator[pa.Table]:
    """Yield the documents of the last release whose uri was not read again."""
    if previous is None:
        return
    pending: list[pa.RecordBatch] = []
    chars = 0
    for batch in previous.dataset("documents").to_batches(batch_size=1024, batch_readahead=1, fragment_readahead=1):
        rest = batch.filter(pc.invert(pc.is_in(batch.column("doc_id"), read_again)))
        rest = rest.filter(admission.carries(rest))
        if rest.num_rows:
            pending.append(rest)
            chars += pc.sum(rest.column("n_chars")).as_py()
        if chars >= batch_chars:
            yield schemas.conform(pa.Table.from_batches(pending), schemas.DOCUMENTS)
            pending, chars = [], 0
    if pending:
        yield schemas.conform(pa.Table.from_batches(pending), schemas.DOCUMENTS)


def _one_document_per_uri(corpus: Corpus) -> Corpus:
    """Keep the newest of several documents with the same uri; the others go to quarantine."""
    facts = corpus.document_facts
    order = pc.sort_indices(
        facts,
        sort_keys=[("doc_id", "ascending"), ("fetched_at", "descending", "at_end"), ("sha256", "ascending")],
    ).to_numpy()
    ids = facts.column("doc_id").combine_chunks().dictionary_encode().indices.to_numpy()[order]
    again = np.zeros(order.size, dtype=bool)
    again[1:] = ids[1:] == ids[:-1]
    if not again.any():
        return corpus
    dropped = np.sort(order[again])
    return drop_documents(corpus, dropped, _same_uri(facts.take(pa.array(dropped))))


def _same_uri(dropped: pa.Table) -> pa.Table:
    reason = "another record of this run has the same uri and was fetched later, or is preferred by its content hash"
    count: dict[str, int] = {}
    ids: list[str] = []
    records: list[str] = []
    for row in dropped.select(["uri", "source_id", "sha256", "fetched_at", "title"]).to_pylist():
        base = f"{row['uri']}#{row['sha256'][:16]}"
        count[base] = count.get(base, 0) + 1
        ids.append(base if count[base] == 1 else f"{base}-{count[base]}")
        records.append(record_json(row))
    n = dropped.num_rows
    return pa.table(
        [
            pa.array(["documents"] * n, pa.string()),
            pa.array(ids, pa.string()),
            dropped.column("source"),
            pa.array(["same_uri"] * n, pa.string()),
            pa.array([reason] * n, pa.string()),
            pa.array(records, pa.string()),
        ],
        schema=schemas.QUARANTINE,
    )


def _one_name_per_refusal(corpus: Corpus) -> Corpus:
    """Name refusals apart from documents and from each other, since every input stands once under its uri.

    They meet where an empty record has the id of a full one, and where a page that was read before cannot be read
    now: what was published of it stays, and the refusal stands beside it, named by what is known of it.
    """
    refused = corpus.quarantine
    uris = corpus.document_facts.column("uri").combine_chunks()
    shared = pc.is_in(refused.column("record_id"), uris).to_numpy().astype(bool)
    counts = pc.value_counts(refused.column("record_id").combine_chunks())
    several = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    shared |= pc.is_in(refused.column("record_id"), several).to_numpy().astype(bool)
    if not shared.any():
        return corpus
    names = refused.column("record_id").to_pylist()
    taken = Occurrences()
    for i in np.flatnonzero(shared).tolist():
        row = refused.slice(i, 1).to_pylist()[0]
        names[i] = taken.name(f"{names[i]}#{content_key(row['rule'], row['reason'], row['record'])}")
    place = schemas.QUARANTINE.get_field_index("record_id")
    named = refused.set_column(place, schemas.QUARANTINE.field(place), pa.array(names, pa.string()))
    return replace(corpus, quarantine=named)


def _keep_known_dates(corpus: Corpus, previous: Release | None) -> Corpus:
    """Documents known before keep the day they were first ingested."""
    if previous is None:
        return corpus
    known = previous.arrow("documents", ["doc_id", "ingested_at"])
    at = pc.index_in(corpus.document_facts.column("doc_id"), known.column("doc_id").combine_chunks())
    first = known.column("ingested_at").combine_chunks().take(at.combine_chunks())
    dates = pc.coalesce(first, corpus.document_facts.column("ingested_at").combine_chunks())
    place = schemas.DOCUMENTS.get_field_index("ingested_at")
    narrow = NARROW_DOCUMENTS.index("ingested_at")
    return replace(
        corpus,
        documents=corpus.documents.set_column(place, schemas.DOCUMENTS.field(place), dates),
        document_facts=corpus.document_facts.set_column(narrow, schemas.DOCUMENTS.field(place), dates),
    )
