"""What of the last release a run may take over as it is, and why the rest is made anew.

A result may be taken over when everything it depends on is as it was: the code that made it (told by a digest of its
files, so that nobody has to remember a version number), the settings, and the documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

import dedup
from dedup import schemas
from dedup.fingerprinting.minhash import fingerprint_metadata

if TYPE_CHECKING:
    from dedup.releases import Release
    from dedup.settings import Settings

#: Rooms and files of the package that each kind of result depends on, beside those it builds on.
ROOMS: dict[str, tuple[str, ...]] = {
    "cut": ("text", "schemas", "ids.py"),
    "fingerprint": ("fingerprinting",),
    "attribute": ("extraction", "engines/attributing.py"),
    "copies": ("clusters", "engines/copies.py"),
    "figures": (
        "engines/figuring.py",
        "engines/figure_texts.py",
        "engines/stated_before.py",
        "engines/table_spans.py",
        "engines/tabling.py",
        "engines/reuse_rows.py",
    ),
    "search": ("reuse/pieces.py", "engines/search_index.py"),
}
#: Groups of settings that each kind of result depends on, beside those of what it builds on.
GROUPS: dict[str, tuple[str, ...]] = {
    "cut": ("text",),
    "fingerprint": ("fingerprint",),
    "attribute": ("extract",),
    "copies": ("reuse", "cluster"),
    "figures": (),
    "search": (),
}
#: What each kind of result builds on.
BASES: dict[str, tuple[str, ...]] = {
    "cut": (),
    "fingerprint": ("cut",),
    "attribute": ("cut",),
    "copies": ("cut",),
    "figures": ("attribute", "copies"),
    "search": ("fingerprint",),
}
#: What a person calls these results.
NAMES = {
    "cut": "the cut of the pages",
    "fingerprint": "fingerprints",
    "attribute": "places and years",
    "copies": "conflicts of copies",
    "figures": "figures and tables",
    "search": "the search index",
}
#: Columns of a document that its sections depend on. `n_chars` tells when the same bytes were decoded otherwise.
CUT_COLUMNS = ("doc_id", "source", "site", "role", "format", "title", "sha256", "encoding", "n_chars")
#: Further columns that what is said of its sections depends on.
SAID_COLUMNS = (*CUT_COLUMNS, "published_at")


@dataclass(frozen=True)
class Heritage:
    """What a run may take over from the last release.

    Attributes
    ----------
    release : the last release; None where there is none
    kinds : kinds of results (`ROOMS`) that may be taken over for documents that did not change
    changes : why the others may not, in words
    """

    release: Release | None
    kinds: frozenset[str]
    changes: tuple[str, ...]

    def __contains__(self, kind: str) -> bool:
        return kind in self.kinds

    def unchanged(self, documents: pa.Table, columns: Sequence[str] = SAID_COLUMNS) -> pa.Array:
        """Return for each document whether the last release has it with the same values in `columns` (bool)."""
        if self.release is None:
            return pa.array([False] * documents.num_rows, pa.bool_())
        known = self.release.arrow("documents", list(columns))
        return same_rows(documents, known, "doc_id", columns)


def same_rows(table: pa.Table, known: pa.Table, key: str, columns: Sequence[str]) -> pa.Array:
    """Return for each row of `table` whether `known` has a row of the same key with equal values in `columns`.

    Nulls are equal to each other, and so are lists with equal members.
    """
    at = pc.index_in(table.column(key), known.column(key).combine_chunks())
    at = at.combine_chunks() if isinstance(at, pa.ChunkedArray) else at
    same = pc.is_valid(at)
    for name in columns:
        mine, theirs = table.column(name), known.column(name).combine_chunks().take(at)
        mine = mine.combine_chunks() if isinstance(mine, pa.ChunkedArray) else mine
        both_null = pc.and_(pc.is_null(mine), pc.is_null(theirs))
        same = pc.and_(same, pc.or_(both_null, pc.fill_null(_equal(mine, theirs), False)))
    return same


def _equal(mine: pa.Array, theirs: pa.Array) -> pa.Array:
    if pa.types.is_nested(mine.type):
        return pa.array([a == b for a, b in zip(mine.to_pylist(), theirs.to_pylist(), strict=True)], pa.bool_())
    return pc.equal(mine, theirs)


@cache
def room_digests() -> Mapping[str, str]:
    """Return for each kind of result a digest of the code and the reference tables that make it."""
    package = Path(dedup.__file__).parent
    return {kind: _digest(package, rooms) for kind, rooms in ROOMS.items()}


def _digest(package: Path, rooms: Sequence[str]) -> str:
    from dedup.reference import reference_file

    digest = sha256()
    for room in rooms:
        place = package / room
        files = [place] if place.is_file() else sorted(place.rglob("*.py"))
        for path in files:
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    if "extraction" in rooms:
        for name in ("units.csv", "indicators.csv", "divisions.parquet"):
            digest.update(reference_file(name).read_bytes())
    return digest.hexdigest()[:16]


def find_heritage(release: Release | None, settings: Settings) -> Heritage:
    """Say what a run with these settings may take over from `release`."""
    if release is None:
        return Heritage(None, frozenset(), ())
    manifest: Mapping[str, Any] = release.manifest
    before, now = manifest.get("settings", {}), settings.model_dump(mode="json")
    digests = manifest.get("code", {})
    reasons: dict[str, list[str]] = {}
    for kind, digest in room_digests().items():
        why = [why for base in BASES[kind] for why in reasons[base]]
        if digests.get(kind) != digest:
            why.append(f"the program makes {NAMES[kind]} otherwise than in {release.id}")
        for group in GROUPS[kind]:
            why += _differences(group, before.get(group), now[group])
        reasons[kind] = list(dict.fromkeys(why))
    if manifest.get("fingerprints") != fingerprint_metadata(settings.fingerprint):
        reasons["fingerprint"].append("fingerprints are made otherwise")
    kinds = frozenset(kind for kind, why in reasons.items() if not why)
    if not set(schemas.DATASETS) <= set(release.datasets):
        kinds, reasons["cut"] = frozenset(), [*reasons["cut"], f"{release.id} lacks datasets of this version"]
    changes = tuple(dict.fromkeys(why for kind in reasons for why in reasons[kind]))
    return Heritage(release, kinds, changes)


def _differences(group: str, before: Any, now: Mapping[str, Any]) -> list[str]:
    if before == now:
        return []
    if not isinstance(before, dict):
        return [f"settings [{group}] are new"]
    keys = [key for key in now if before.get(key) != now[key]]
    return [f"[{group}] {key} was {before.get(key)!r} and is {now[key]!r}" for key in keys] or [f"[{group}] changed"]
