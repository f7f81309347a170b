"""Who gets in: which documents of a run are new, changed, unchanged, carried over, gone or forgotten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.releases.tombstones import Tombstones, refused_uris
from dedup.settings import SourceSettings
from dedup.sources import SourceBatch, SourceError
from dedup.sources.locate import find_place, is_remote

if TYPE_CHECKING:
    from dedup.releases import Release

#: What a run makes of a document: read and not known before; read, with other bytes than before; read, as it was;
#: not read, and kept; not read though its source is complete, and removed; kept out by a tombstone.
STATES = ("new", "changed", "unchanged", "carried", "gone", "forgotten")

#: Columns that tell documents apart.
KNOWN_COLUMNS = ["doc_id", "uri", "source", "site", "sha256"]

#: Refusals of single records that were read whole: nothing else can hide behind them.
_WHOLE = ("empty", "too_large", "binary", "http_status", "unknown_format")
#: Refusals of things that are no pages and hide none.
_NO_PAGES = ("linked_folder", "not_a_file", "outside_source")
#: Ends of names of files that hold many records; one that cannot be read hides all of them.
_RECORD_FILES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".pq", ".warc")
_PACKED = (".gz", ".bz2", ".xz", ".zst")


class SourceShrank(RuntimeError):
    """So much of a source is absent that it looks like a fault; nothing was removed and nothing published."""


@dataclass(frozen=True)
class Shrinkage:
    """What a complete source has lost.

    Attributes
    ----------
    known, gone : its documents in the last release; of them, those that are absent now
    problem : why the source was not read whole, so that nothing of it is removed; empty when it was
    """

    source: str
    known: int
    gone: int
    problem: str = ""

    @property
    def share(self) -> float:
        """Share of the known documents that is absent."""
        return self.gone / self.known if self.known else 0.0


def classify_documents(known: pa.Table, read: pa.Table, gone: pa.Array, forgotten: pa.Array) -> pa.Table:
    """Say of every document what a run makes of it.

    Parameters
    ----------
    known : documents of the last release: `doc_id`, `source`, `sha256`
    read : documents that were read: the same columns; of several with one id, the first decides
    gone : `doc_id` of known documents that are removed as absent (`find_gone`)
    forgotten : `doc_id` of documents, known or read, that tombstones keep out

    Returns
    -------
    table of `doc_id`, `source` (where it was read last), `state` (one of `STATES`): a row for each document
    """
    first = np.unique(_plain(read, "doc_id").to_numpy(zero_copy_only=False).astype(str), return_index=True)[1]
    read = read.select(["doc_id", "source", "sha256"]).take(pa.array(np.sort(first), pa.int64()))
    known_ids, read_ids = _plain(known, "doc_id"), _plain(read, "doc_id")
    at = pc.index_in(read_ids, known_ids)
    same = pc.equal(_plain(known, "sha256").take(at), _plain(read, "sha256"))
    state = pc.if_else(pc.is_null(at), "new", pc.if_else(pc.fill_null(same, False), "unchanged", "changed"))
    absent = pc.invert(pc.is_in(known_ids, read_ids))
    rest = known.select(["doc_id", "source"]).filter(absent)
    kept = pc.if_else(pc.is_in(_plain(rest, "doc_id"), gone), "gone", "carried")
    ids = pa.concat_arrays([read_ids, _plain(rest, "doc_id")])
    states = pc.if_else(pc.is_in(ids, forgotten), "forgotten", pa.concat_arrays([state, kept]))
    sources = pa.concat_arrays([_plain(read, "source"), _plain(rest, "source")])
    return pa.table({"doc_id": ids, "source": sources, "state": states})


def find_gone(
    known: pa.Table, seen: pa.Array, refused: pa.Table, labels: Sequence[str]
) -> tuple[pa.Array, list[Shrinkage]]:
    """Find what complete sources do not hold any more.

    A page that is refused today is still there. A source of which any part could not be read is never taken as
    complete: what is absent may lie in that part.

    Parameters
    ----------
    known : documents of the last release: `doc_id`, `uri`, `source`
    seen : `doc_id` of what was read
    refused : what was refused (`schemas.QUARANTINE`)
    labels : names of the complete sources

    Returns
    -------
    `doc_id` of the documents to remove, and what each source has lost, in the order of `labels`
    """
    uris = _plain(known, "uri")
    refused_uris, unread = _refused_uris(refused, uris)
    still_there = pc.or_(pc.is_in(_plain(known, "doc_id"), seen), pc.is_in(uris, refused_uris))
    gone: list[pa.Array] = [pa.array([], pa.string())]
    found: list[Shrinkage] = []
    for label in dict.fromkeys(labels):
        of_source = pc.equal(_plain(known, "source"), label)
        absent = pc.and_(of_source, pc.invert(still_there))
        n_known, n_gone = (pc.sum(pc.cast(mask, pa.int64())).as_py() or 0 for mask in (of_source, absent))
        problem = unread.get(label, "")
        found.append(Shrinkage(label, n_known, n_gone, problem))
        if not problem:
            gone.append(_plain(known, "doc_id").filter(absent))
    return pa.concat_arrays(gone), found


def _refused_uris(refused: pa.Table, known_uris: pa.Array) -> tuple[pa.Array, dict[str, str]]:
    """Return the uris that refusals name, and for each source that was not read whole the reason."""
    known = set(known_uris.to_pylist()) if refused.num_rows else set()
    names: set[str] = set()
    unread: dict[str, str] = {}
    for row in refused.select(["record_id", "source", "rule", "reason", "record"]).to_pylist():
        mine = {row["record_id"], _url_of(row["record"])} - {""}
        names |= mine
        if not mine & known and _may_hide_records(row["record_id"], row["rule"]):
            unread.setdefault(row["source"], f"{row['record_id']}: {row['rule']}: {row['reason']}")
    return pa.array(sorted(names), pa.string()), unread


def _url_of(record: str) -> str:
    try:
        known = json.loads(record)
    except ValueError:
        return ""
    return str(known.get("url") or "") if isinstance(known, dict) else ""


def _may_hide_records(record_id: str, rule: str) -> bool:
    """Tell whether records other than the refused one may be behind a refusal."""
    if rule in _NO_PAGES:
        return False
    if "#" in record_id:
        return rule not in _WHOLE
    if rule in ("missing_source", "unreadable", "reader_failed"):
        return True
    name = record_id.lower()
    for end in _PACKED:
        name = name.removesuffix(end)
    return name.endswith(_RECORD_FILES)


def mirror_labels(sources: Sequence[SourceSettings]) -> tuple[str, ...]:
    """Return the names under which complete sources file their documents.

    Raises
    ------
    SourceError
        A url has no name: what it held before cannot be told from what others hold.
    """
    labels: list[str] = []
    for source in sources:
        place = None if source.name or is_remote(source.path) else find_place(source.path)
        if source.name is None and is_remote(source.path):
            raise SourceError("--mirror: a source that is a url needs a name: declare it in dedup.toml")
        labels.append(source.name or (place.name if place else source.path.rstrip("/").rpartition("/")[2] or "source"))
    return tuple(dict.fromkeys(labels))


class Admission:
    """Decides over the documents of one run, batch by batch: notes what was read, keeps out what was forgotten.

    Parameters
    ----------
    tombstones : what was forgotten
    previous : the last release
    sources : what the run reads
    mirror : the sources are complete: what they do not hold any more is removed
    max_shrink : share of a source above which its absence stops the run; None removes whatever is absent

    Attributes
    ----------
    n_forgotten : documents and refusals that were read and kept out
    gone : `doc_id` of documents removed as absent, known after `settle`
    shrinkage : what each complete source has lost
    """

    def __init__(
        self,
        tombstones: Tombstones | None = None,
        previous: Release | None = None,
        sources: Sequence[SourceSettings] = (),
        *,
        mirror: bool = False,
        max_shrink: float | None = None,
    ) -> None:
        self.tombstones = tombstones or Tombstones(b"")
        self.n_forgotten = 0
        self.shrinkage: tuple[Shrinkage, ...] = ()
        self._previous = previous
        self._labels = mirror_labels(sources) if mirror else ()
        self._max_shrink = max_shrink
        self._sources_read: set[str] = set()
        self._seen: list[pa.Array] = [pa.array([], pa.string())]
        self._refused: list[pa.Table] = []
        self.gone = pa.array([], pa.string())
        self._mirror = mirror

    def admit(self, batch: SourceBatch) -> SourceBatch:
        """Return a batch that was read without what was forgotten."""
        if self._mirror:
            documents = batch.documents
            self._sources_read.update(pc.unique(documents.column("source")).to_pylist())
            self._seen.append(_plain(documents, "doc_id"))
            self._refused.append(batch.quarantine)
        if not self.tombstones:
            return batch
        documents = self.tombstones.drop_documents(batch.documents)
        refused = self.tombstones.drop_refused(batch.quarantine)
        self.n_forgotten += batch.documents.num_rows - documents.num_rows
        self.n_forgotten += batch.quarantine.num_rows - refused.num_rows
        return replace(batch, documents=documents.combine_chunks(), quarantine=refused.combine_chunks())

    def settle(self) -> None:
        """Decide what is gone, once everything was read and before anything is carried over.

        Raises
        ------
        SourceShrank
            More than `max_shrink` of a source is absent.
        SourceError
            Records are filed under the hosts of their urls, so that it cannot be told which of them are absent.
        """
        if not self._mirror:
            return
        strangers = sorted(self._sources_read - set(self._labels))
        if strangers:
            more = ", …" if len(strangers) > 3 else ""
            raise SourceError(
                f"--mirror: records are filed under the hosts of their urls ({', '.join(strangers[:3])}{more}), so "
                "what is absent cannot be told; give their source a `name` in dedup.toml"
            )
        if self._previous is None:
            return
        known = self._previous.arrow("documents", ["doc_id", "uri", "source"])
        refused = pa.concat_tables(self._refused)
        self.gone, found = find_gone(known, pa.concat_arrays(self._seen), refused, self._labels)
        self.shrinkage = tuple(map(self._without_names, found))
        limit = self._max_shrink
        if limit is not None and (shrunk := [s for s in found if s.share > limit and not s.problem]):
            raise SourceShrank(describe_shrinkage(shrunk, limit))

    def _without_names(self, shrinkage: Shrinkage) -> Shrinkage:
        """Return what a source lost without naming anything forgotten."""
        uri = shrinkage.problem.partition(": ")[0]
        if not uri or not any(self.tombstones.forgets(name) for name in refused_uris(uri, "")):
            return shrinkage
        return replace(shrinkage, problem="a file that was forgotten cannot be read")

    @property
    def n_gone(self) -> int:
        """Documents removed as absent from complete sources."""
        return len(self.gone)

    def carries(self, documents: pa.RecordBatch) -> pa.Array:
        """Return for documents of the last release that were not read again whether they stay (bool)."""
        stays = pc.invert(pc.is_in(documents.column("doc_id"), self.gone))
        if self.tombstones:
            stays = pc.and_(stays, pa.array(~self.tombstones.among_documents(documents)))
        return stays

    def notes(self) -> list[str]:
        """Return what a person should know: sources that were not taken as complete."""
        return [
            f"{s.source}: not read whole, so its {s.gone:,} absent documents stay ({s.problem[:200]})"
            for s in self.shrinkage
            if s.problem and s.gone
        ]


def describe_shrinkage(shrunk: Sequence[Shrinkage], limit: float) -> str:
    """Return why a run stopped, source by source, and the way out."""
    lines = [
        f"{s.source}: {s.gone:,} of its {s.known:,} documents are absent ({100 * s.share:.0f} %, "
        f"allowed are {100 * limit:g} %)"
        for s in shrunk
    ]
    return "\n  ".join(
        [
            "a source shrank too much, so nothing was removed or published:",
            *lines,
            "look whether it was read from the right place and is whole; `--allow-shrink` removes what is absent all "
            "the same, without `--mirror` everything stays, `mirror.max_shrink` in dedup.toml allows more",
        ]
    )


def _plain(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
