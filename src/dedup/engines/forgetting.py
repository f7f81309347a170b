"""Forgetting pages for good: tombstones first, then decisions and working files, a release without them, old ones."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedup.releases.errors import BrokenRelease, NoRelease, WarehouseLocked
from dedup.releases.layout import REJECTED, RELEASES, STAGING, explained, read_pointer
from dedup.releases.lock import warehouse_lock
from dedup.releases.pruning import measure_folders, remove_folders
from dedup.releases.receipts import Receipt, Removal, write_receipt
from dedup.releases.rendered import find_rendered
from dedup.releases.tombstones import (
    Kind,
    Tombstone,
    Tombstones,
    begin_tombstones,
    load_tombstones,
    renew_tombstones,
    save_tombstones,
)
from dedup.releases.traces import Found, Trace, Tracker, look_up_documents, uris_of
from dedup.settings import Settings, SourceSettings

if TYPE_CHECKING:
    from dedup.engines.observing import Observer

#: Groups of settings that say what a release holds; forgetting changes none of them.
_CONTENT = ("read", "text", "fingerprint", "match", "cluster", "reuse", "extract", "quality")


@dataclass(frozen=True)
class Wanted:
    """What shall be forgotten: a uri (or `d_…` id), a prefix of uris, or a site, as a person names it."""

    kind: Kind
    name: str


@dataclass(frozen=True)
class Preview:
    """What a warehouse holds of what shall be forgotten.

    Attributes
    ----------
    unknown : names that match nothing in any release
    uris : of pages in the newest release that holds any
    held_by : releases and rejected runs that hold some of it, oldest first
    found : what that release says of them
    refused : rows of its quarantine
    latest : the last release holds some of it
    """

    unknown: tuple[str, ...]
    uris: tuple[str, ...]
    held_by: tuple[str, ...]
    found: Found
    refused: int
    latest: bool


def preview_forgetting(warehouse: Path, wanted: Sequence[Wanted]) -> Preview:
    """Say what would be forgotten, without writing anything.

    Parameters
    ----------
    wanted : what to look for; none looks for what was forgotten before

    Raises
    ------
    TombstonesUnreadable
        Earlier tombstones cannot be read.
    """
    standing = load_tombstones(warehouse)
    names = _resolve_ids(warehouse, wanted)
    # A key of this moment serves to look: no tombstone is set by looking.
    looking = Tombstones(secrets.token_bytes(32))
    stones = {want: looking.make(want.kind, want.name, "") for want in names}
    tracker = Tracker(looking.plus(stones.values()) if wanted else standing)
    traces = tracker.everything(warehouse)
    unknown = [
        w.name
        for w, stone in stones.items()
        if stone.digest not in tracker.matched and not standing.holds(standing.make(w.kind, w.name, ""))
    ]
    return _preview(warehouse, traces, tuple(unknown))


def _preview(warehouse: Path, traces: list[Trace], unknown: tuple[str, ...]) -> Preview:
    held = [trace for trace in traces if trace.is_held]
    newest = next((t for t in reversed(held) if t.doc_ids and t.path.parent.name == RELEASES), None)
    found = look_up_documents(newest.path, newest.doc_ids) if newest else look_up_documents(warehouse, ())
    latest = latest_release(warehouse)
    refused = max((trace.refused for trace in held), default=0)
    return Preview(
        unknown,
        found.uris,
        tuple(_name(trace.path) for trace in held),
        found,
        refused,
        any(trace.path == latest and (trace.doc_ids or trace.refused) for trace in held),
    )


def latest_release(warehouse: Path) -> Path | None:
    """Return the folder of the release that readers get, None where there is none."""
    try:
        return warehouse / RELEASES / str(read_pointer(warehouse)["release_id"])
    except (NoRelease, BrokenRelease):
        return None


def _name(folder: Path) -> str:
    return folder.name if folder.parent.name == RELEASES else f"rejected {folder.name}"


def _resolve_ids(warehouse: Path, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Return what is wanted with ids of documents replaced by their uris, as far as a release knows them."""
    ids = [w.name for w in wanted if w.kind == "uri" and w.name.startswith("d_")]
    if not ids:
        return list(wanted)
    known: dict[str, str] = {}
    for trace in Tracker(Tombstones(b"")).everything(warehouse):
        known.update(uris_of(trace.path, ids))
    return [replace(w, name=known.get(w.name, w.name)) for w in wanted]


def forget(
    settings: Settings,
    wanted: Sequence[Wanted],
    *,
    later: bool = False,
    purge: bool = False,
    observer: Observer | None = None,
) -> tuple[Receipt, Path]:
    """Forget pages: leave tombstones, remove what is kept of them, publish a release without them.

    The tombstones are durable before anything else happens, so a call that is interrupted, or stopped by a quality
    gate, is finished by the next run or by calling it again.

    Parameters
    ----------
    settings : with the warehouse
    wanted : what to forget; none goes on with what was forgotten before
    later : leave the release without them to the next run
    purge : also remove all elder releases that hold them

    Returns
    -------
    the receipt and the path of its file

    Raises
    ------
    WarehouseLocked
        A run is at work; nothing was done.
    TombstonesUnreadable
        Earlier tombstones cannot be read; nothing was done.
    """
    clock = time.perf_counter()
    began = datetime.now(UTC)
    warehouse = settings.warehouse
    receipt_id = f"{began:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    with warehouse_lock(warehouse):
        stones = begin_tombstones(warehouse)
        fresh = [stones.make(w.kind, w.name, began.isoformat()) for w in _resolve_ids(warehouse, wanted)]
        save_tombstones(warehouse, stones := stones.plus(fresh))
        tracker = Tracker(stones)
        traces = tracker.everything(warehouse)
        preview = _preview(warehouse, traces, ())
        removed, notes = _remove_kept(settings, traces)
    receipt = Receipt(
        receipt_id,
        began.isoformat(timespec="seconds"),
        tuple(stone.digest for stone in fresh),
        len(preview.uris) if preview.latest else 0,
        preview.refused if preview.latest else 0,
        preview.found.rows if preview.latest else {},
        preview.found.copies if preview.latest else 0,
        removed=tuple(removed),
        notes=tuple(notes),
    )
    # What was done so far is on record even if the rest fails.
    write_receipt(warehouse, replace(receipt, outcome="begun"))
    if preview.latest and not later:
        receipt = _publish(settings, receipt, observer)
    elif preview.latest:
        receipt = replace(receipt, outcome="later")
    receipt = _finish(warehouse, receipt, tracker, purge=purge)
    receipt = replace(receipt, seconds=round(time.perf_counter() - clock, 2))
    return receipt, write_receipt(warehouse, receipt)


def _remove_kept(settings: Settings, traces: Sequence[Trace]) -> tuple[list[Removal], list[str]]:
    """Remove what is kept of the pages outside of releases; returns also what could not be reached."""
    warehouse = settings.warehouse
    held = [trace for trace in traces if trace.is_held]
    every = [look_up_documents(trace.path, trace.doc_ids, count=False) for trace in held if trace.doc_ids]
    names = {name for trace in held for name in trace.doc_ids}
    artifacts, notes = _forget_artifacts(every, names)
    removed = [
        *_forget_decisions(settings, traces, every),
        *artifacts,
        *_remove(warehouse, "working files", [warehouse / STAGING]),
        *_remove_rendered(warehouse, traces),
    ]
    for trace in held:
        if trace.path.parent.name == REJECTED:
            removed += _remove(warehouse, f"rejected run {trace.path.name}", [trace.path])
    return removed, notes


def _publish(settings: Settings, receipt: Receipt, observer: Observer | None) -> Receipt:
    from dedup.engines.local import run

    try:
        summary = run(settings_of_release(settings), (), observer=observer)
    except WarehouseLocked:
        # The run that slipped in between has read the tombstones: its release leaves the pages out.
        return replace(receipt, outcome="locked")
    return replace(receipt, outcome=summary.outcome, release_id=summary.release_id)


def _finish(warehouse: Path, receipt: Receipt, tracker: Tracker, *, purge: bool) -> Receipt:
    """Remove the elder releases that hold what was forgotten, where that is asked; say which are left."""
    removed = list(receipt.removed)
    latest = latest_release(warehouse)
    held = [trace.path for trace in tracker.everything(warehouse) if trace.is_held]
    if purge and receipt.outcome != "locked":
        doomed = [path for path in held if path != latest]
        with warehouse_lock(warehouse):
            sizes = [(path, _count(path)) for path in doomed]
            freed, _ = measure_folders(doomed)
            remove_folders(warehouse, doomed)
        removed += [Removal(f"release {path.name}", n, 0) for path, n in sizes]
        if doomed:
            # Elder releases share files among themselves, so their bytes are counted together.
            removed[-1] = replace(removed[-1], freed_bytes=freed)
        held = [path for path in held if path not in doomed]
    return replace(receipt, removed=tuple(removed), held_by=tuple(_name(path) for path in held))


def _remove(warehouse: Path, what: str, folders: Sequence[Path]) -> list[Removal]:
    there = [folder for folder in folders if folder.is_dir() and any(folder.iterdir())]
    n, (freed, _) = sum(_count(folder) for folder in there), measure_folders(there)
    with explained(warehouse):
        for folder in there:
            shutil.rmtree(folder)
    return [Removal(what, n, freed)] if there else []


def _remove_rendered(warehouse: Path, traces: Sequence[Trace]) -> list[Removal]:
    """Remove pages rendered as files from releases that hold what was forgotten, or that are not there any more."""
    clean = {trace.path.name for trace in traces if not trace.is_held and trace.path.parent.name == RELEASES}
    if not any(trace.is_held for trace in traces):
        return []
    stale = [pages.folder for pages in find_rendered(warehouse) if pages.release_id not in clean]
    return _remove(warehouse, "rendered pages", stale)


def _count(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file())


def _forget_decisions(settings: Settings, traces: Sequence[Trace], every: Sequence[Found]) -> list[Removal]:
    """Remove decisions about texts that stood on forgotten pages and nowhere else."""
    from dedup.decisions.store import has_store, open_store

    keys = {key for found in every for key in found.content_keys}
    if not keys or not has_store(settings):
        return []
    keys -= _texts_that_stay(settings.warehouse, traces)
    with open_store(settings) as store:
        n = store.forget(keys)
    return [Removal("decisions", n, 0)] if n else []


def _forget_artifacts(every: Sequence[Found], doc_ids: set[str]) -> tuple[list[Removal], list[str]]:
    """Remove what runs left in Prefect about the pages; returns also what could not be reached."""
    from dedup.engines.flow_records import RecordsUnreachable, forget_artifacts

    names = doc_ids.union(*((*found.uris, *found.section_ids, *found.cluster_ids) for found in every))
    try:
        n = forget_artifacts(names)
    except RecordsUnreachable as error:
        return [], [str(error)]
    return ([Removal("artifacts of runs", n, 0)] if n else []), []


def _texts_that_stay(warehouse: Path, traces: Sequence[Trace]) -> set[str]:
    """Return the content hashes of the last release's sections that do not stand on forgotten pages."""
    import pyarrow.compute as pc

    from dedup.releases.reading import open_release

    latest = latest_release(warehouse)
    if latest is None:
        return set()
    gone = next((trace.doc_ids for trace in traces if trace.path == latest), ())
    sections = open_release(warehouse).dataset("sections")
    kept = ~pc.field("doc_id").isin(list(gone))
    return set(sections.to_table(columns=["content_hash"], filter=kept).column("content_hash").to_pylist())


def settings_of_release(settings: Settings) -> Settings:
    """Return settings with which the last release is made once more: what it holds as it says, the rest as given.

    So a release that is published to forget a page differs from the one before in nothing else.
    """
    from dedup.releases.reading import open_release

    try:
        stored = open_release(settings.warehouse).manifest.get("settings")
    except (NoRelease, BrokenRelease):
        return settings
    if not isinstance(stored, dict):
        return settings
    changes: dict[str, Any] = {}
    for name in _CONTENT:
        group = getattr(settings, name)
        # A release of another version may hold settings that this one does not know.
        known = {k: v for k, v in (stored.get(name) or {}).items() if k in type(group).model_fields}
        if name == "quality":
            # Suites lie on the disk of whoever runs this.
            known["suites"] = settings.quality.suites or _if_there(known.get("suites"))
        changes[name] = type(group).model_validate(known)
    if isinstance(stored.get("title"), str):
        changes["title"] = stored["title"]
    known_fields = SourceSettings.model_fields
    changes["sources"] = tuple(
        SourceSettings.model_validate({k: v for k, v in source.items() if k in known_fields})
        for source in stored.get("sources") or ()
    )
    return settings.model_copy(update=changes)


def _if_there(folder: Any) -> str | None:
    return folder if isinstance(folder, str) and Path(folder).is_dir() else None


def lift(settings: Settings, wanted: Sequence[Wanted], *, everything: bool = False) -> tuple[int, tuple[str, ...]]:
    """Lift tombstones, so that the next run takes the pages in again where its sources hold them.

    Parameters
    ----------
    everything : all of them; the key is made anew, so this also helps where list or key are lost

    Returns
    -------
    number of tombstones lifted, and the names under which none stands

    Raises
    ------
    WarehouseLocked
        A run is at work.
    TombstonesUnreadable
        Unless `everything`: they cannot be read.
    """
    warehouse = settings.warehouse
    with warehouse_lock(warehouse):
        if everything:
            n = _standing(warehouse)
            save_tombstones(warehouse, renew_tombstones(warehouse))
            return n, ()
        stones = load_tombstones(warehouse)
        asked: dict[Wanted, Tombstone] = {w: stones.make(w.kind, w.name, "") for w in wanted}
        lifted = [stone for stone in asked.values() if stones.holds(stone)]
        if lifted:
            save_tombstones(warehouse, stones.minus(lifted))
        return len(lifted), tuple(w.name for w, stone in asked.items() if not stones.holds(stone))


def _standing(warehouse: Path) -> int:
    from dedup.releases.errors import TombstonesUnreadable

    try:
        return len(load_tombstones(warehouse))
    except TombstonesUnreadable:
        return 0
