"""Tombstones: what was forgotten stays out, and the list of it tells nobody what it was.

They lie in `forgotten/` of the warehouse, apart from the releases: `tombstones.json` holds keyed BLAKE2b hashes
(RFC 7693) and `key` the random key, readable by the owner of the warehouse only. Whoever has a release, or even the
list, cannot test whether a page stands on it; whoever has the key as well can.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from dedup.releases.errors import TombstonesUnreadable
from dedup.releases.layout import explained, sync_folder
from dedup.releases.lock import require_lock
from dedup.sources.provenance import clean_url, first_folder, url_host

FORGOTTEN = "forgotten"
KEY = "key"
LIST = "tombstones.json"
RECEIPTS = "receipts"

Kind = Literal["uri", "prefix", "site"]

_FORMAT = "dedup tombstones"
_FORMAT_VERSION = 1
_KEY_BYTES = 32
#: How stages of `runs` begin that are figures of one source.
_SOURCE = "source:"
_DIGEST_BYTES = 16


@dataclass(frozen=True)
class Tombstone:
    """One thing that was forgotten.

    Attributes
    ----------
    kind : a `uri`; a `prefix` of uris; a `site` (host, or first folder inside a source)
    digest : 32 hex digits, keyed hash of it
    length : characters of a prefix, which say how much of a uri to hash; 0 for the other kinds
    created_at : when it was set, ISO 8601
    """

    kind: Kind
    digest: str
    length: int
    created_at: str


class Tombstones:
    """All tombstones of a warehouse; asks of tables which of their rows were forgotten."""

    def __init__(self, key: bytes, stones: Iterable[Tombstone] = ()) -> None:
        self._key = key
        self.stones = tuple(stones)
        self._digests: dict[str, set[str]] = {"uri": set(), "prefix": set(), "site": set()}
        for stone in self.stones:
            self._digests[stone.kind].add(stone.digest)
        self._known_sites: dict[str, str] = {}
        self._lengths = sorted({stone.length for stone in self.stones if stone.kind == "prefix"})

    def __len__(self) -> int:
        return len(self.stones)

    @property
    def version(self) -> str:
        """Hash of all tombstones, 16 hex digits: equal when the same things are forgotten."""
        return blake2b("\n".join(sorted(s.digest for s in self.stones)).encode("ascii"), digest_size=8).hexdigest()

    def make(self, kind: Kind, text: str, created_at: str) -> Tombstone:
        """Return the tombstone of a uri, prefix or site as a person names it."""
        plain = _named(kind, text)
        return Tombstone(kind, self._digest(kind, plain), len(plain) if kind == "prefix" else 0, created_at)

    def plus(self, stones: Iterable[Tombstone]) -> Tombstones:
        """Return these and further tombstones; what stands already keeps its day."""
        found = {(s.kind, s.digest): s for s in self.stones}
        for stone in stones:
            found.setdefault((stone.kind, stone.digest), stone)
        return Tombstones(self._key, found.values())

    def minus(self, stones: Iterable[Tombstone]) -> Tombstones:
        """Return these without some."""
        lifted = {(s.kind, s.digest) for s in stones}
        return Tombstones(self._key, (s for s in self.stones if (s.kind, s.digest) not in lifted))

    def holds(self, stone: Tombstone) -> bool:
        """Tell whether a tombstone stands."""
        return stone.digest in self._digests[stone.kind]

    def forgets(self, uri: str, site: str | None = None) -> bool:
        """Tell whether a page was forgotten.

        Parameters
        ----------
        uri : of the page, as in `documents.uri`
        site : as in `documents.site`; without it, what the uri says
        """
        return next(self.matching(uri, site), None) is not None

    def matching(self, uri: str, site: str | None = None) -> Iterator[str]:
        """Yield the digests of the tombstones that hold for a page."""
        plain = comparable(uri)
        if self._digests["uri"] and (digest := self._digest("uri", plain.rstrip("/"))) in self._digests["uri"]:
            yield digest
        for length in self._lengths:
            if length <= len(plain) and (digest := self._digest("prefix", plain[:length])) in self._digests["prefix"]:
                yield digest
        if self._digests["site"]:
            for name in _sites(uri) if site is None else (site,):
                if (digest := self._site_digest(name)) in self._digests["site"]:
                    yield digest

    def among_documents(self, documents: pa.Table | pa.RecordBatch) -> np.ndarray:
        """Return for each document whether it was forgotten (bool); needs the columns `uri` and `site`."""
        found = np.zeros(documents.num_rows, dtype=bool)
        if self.stones:
            rows = zip(documents.column("uri").to_pylist(), documents.column("site").to_pylist(), strict=True)
            found[:] = [self.forgets(uri, site) for uri, site in rows]
        return found

    def among_refused(self, quarantine: pa.Table | pa.RecordBatch) -> np.ndarray:
        """Return for each row of quarantine whether it tells of something forgotten (bool).

        A refused record is known by the uri in its name, or by the url or uri in what is kept of it.
        """
        found = np.zeros(quarantine.num_rows, dtype=bool)
        if self.stones:
            columns = ("dataset", "record_id", "record")
            rows = zip(*(quarantine.column(name).to_pylist() for name in columns), strict=True)
            found[:] = [
                dataset == "documents" and any(self.forgets(uri) for uri in refused_uris(name, text))
                for dataset, name, text in rows
            ]
        return found

    def drop_documents(self, documents: pa.Table) -> pa.Table:
        """Return the documents that were not forgotten."""
        return documents.filter(pa.array(~self.among_documents(documents))) if self.stones else documents

    def drop_refused(self, quarantine: pa.Table) -> pa.Table:
        """Return the rows of quarantine that tell of nothing forgotten."""
        return quarantine.filter(pa.array(~self.among_refused(quarantine))) if self.stones else quarantine

    def drop_figures(self, runs: pa.Table, present: Collection[str]) -> pa.Table:
        """Return the metrics of runs without those of sources that were forgotten under their own name.

        Parameters
        ----------
        present : sources that still have documents
        """
        if not self.stones:
            return runs
        stages = runs.column("stage").to_pylist()
        names = {stage: stage.removeprefix(_SOURCE) for stage in set(stages) if stage.startswith(_SOURCE)}
        gone = {s for s, name in names.items() if name not in present and self.forgets(f"{name}/", name)}
        return runs.filter(pa.array([stage not in gone for stage in stages])) if gone else runs

    def _site_digest(self, name: str) -> str:
        # Sites are few and stand at every page.
        if name not in self._known_sites:
            self._known_sites[name] = self._digest("site", _named("site", name))
        return self._known_sites[name]

    def _digest(self, kind: Kind, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        person = f"dedup:{kind}".encode("ascii")
        return blake2b(data, key=self._key, digest_size=_DIGEST_BYTES, person=person).hexdigest()

    def key_check(self) -> str:
        """Return what tells a list made with this key from one made with another."""
        return blake2b(b"", key=self._key, digest_size=_DIGEST_BYTES, person=b"dedup:check").hexdigest()


def refused_uris(record_id: str, record: str) -> list[str]:
    """Return the uris that a row of quarantine may tell of: in its name, or in what is kept of the record."""
    try:
        known = json.loads(record)
    except ValueError:
        known = {}
    names = [known.get(name) for name in ("uri", "url")] if isinstance(known, dict) else []
    # Names of refusals may go on behind the uri: `uri#1f3a…`, `uri#1f3a…-2`.
    names += [record_id, record_id.rpartition("#")[0], record_id.rpartition("#")[0].rpartition("#")[0]]
    return [name for name in dict.fromkeys(names) if isinstance(name, str) and name]


def comparable(uri: str) -> str:
    """Return a uri as tombstones compare it: urls without their scheme, since http and https show the same page."""
    scheme, mark, rest = uri.partition("://")
    return f"//{rest}" if mark and scheme in ("http", "https") else uri


def _named(kind: Kind, text: str) -> str:
    """Return what a person typed as it is hashed."""
    text = text.strip()
    if kind == "site":
        url = clean_url(text)
        return (url_host(url) if url else text).lower().rstrip("/")
    plain = comparable(clean_url(text) or text)
    return plain.rstrip("/") if kind == "uri" else plain


def _sites(uri: str) -> tuple[str, ...]:
    """Return what may be the site of a page that only its uri is known of: host, else first folder, else source."""
    if clean_url(uri):
        return (url_host(uri),)
    source, slash, inside = uri.partition("/")
    folder = first_folder(inside.partition("#")[0]) if slash else None
    return (folder,) if folder else (source,)


def load_tombstones(warehouse: Path, *, expected: int = 0) -> Tombstones:
    """Return the tombstones of a warehouse; none where nothing was ever forgotten.

    Parameters
    ----------
    expected : how many stood when the last release was made; a list that has vanished since is missed

    Raises
    ------
    TombstonesUnreadable
        List or key are lost, damaged or may not be read: a run would bring back what was forgotten.
    """
    folder = warehouse / FORGOTTEN
    path = folder / LIST
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if expected:
            raise TombstonesUnreadable(
                f"{path}: is gone, and with it {expected} tombstones; a run would bring back what was forgotten. "
                f"{_WAY_OUT}"
            ) from None
        return Tombstones(_read_key(folder) or bytes(_KEY_BYTES))
    except OSError as error:
        raise TombstonesUnreadable(f"{path}: {error.strerror or error}. {_WAY_OUT}") from error
    try:
        value = json.loads(content)
        stones = [Tombstone(**row) for row in value["tombstones"]]
        check = str(value["key_check"])
        newer = value["format_version"] > _FORMAT_VERSION
    except (ValueError, KeyError, TypeError) as error:
        raise TombstonesUnreadable(f"{path}: is not what dedup wrote ({error}). {_WAY_OUT}") from error
    if newer:
        raise TombstonesUnreadable(f"{path}: written by a newer version of dedup; use that version")
    key = _read_key(folder)
    if key is None:
        raise TombstonesUnreadable(f"{folder / KEY}: the key is gone, and the tombstones say nothing. {_WAY_OUT}")
    loaded = Tombstones(key, stones)
    if loaded.key_check() != check:
        raise TombstonesUnreadable(f"{folder / KEY}: is the key of other tombstones. {_WAY_OUT}")
    return loaded


_WAY_OUT = (
    "Restore the folder `forgotten` from a backup; or, to go on without it, knowing that the pages may come back: "
    "`dedup forget --undo --all`"
)


def save_tombstones(warehouse: Path, stones: Tombstones) -> None:
    """Write the tombstones, whole or not at all; call it inside `warehouse_lock`.

    Raises
    ------
    WarehouseError
        The lock is not held, or the folder cannot be written.
    """
    require_lock(warehouse)
    folder = warehouse / FORGOTTEN
    value: dict[str, Any] = {
        "format": _FORMAT,
        "format_version": _FORMAT_VERSION,
        "key_check": stones.key_check(),
        "tombstones": [asdict(stone) for stone in sorted(stones.stones, key=lambda s: (s.created_at, s.digest))],
    }
    with explained(folder):
        write_private(folder / LIST, json.dumps(value, indent=1).encode("utf-8") + b"\n")


def begin_tombstones(warehouse: Path) -> Tombstones:
    """Return the tombstones of a warehouse to be added to; makes the key where there is none yet.

    Raises
    ------
    TombstonesUnreadable
        As `load_tombstones`.
    WarehouseError
        The lock is not held, or the folder cannot be written.
    """
    require_lock(warehouse)
    stones = load_tombstones(warehouse)
    if stones.stones or _read_key(warehouse / FORGOTTEN) is not None:
        return stones
    return renew_tombstones(warehouse)


def renew_tombstones(warehouse: Path) -> Tombstones:
    """Begin anew with a new key and no tombstones: what was forgotten may come back."""
    require_lock(warehouse)
    key = secrets.token_bytes(_KEY_BYTES)
    with explained(warehouse / FORGOTTEN):
        # The list goes first: a key that fits no list stops every run.
        (warehouse / FORGOTTEN / LIST).unlink(missing_ok=True)
        write_private(warehouse / FORGOTTEN / KEY, key.hex().encode("ascii") + b"\n")
    return Tombstones(key)


def _read_key(folder: Path) -> bytes | None:
    """Return the key, None where there is none."""
    path = folder / KEY
    try:
        text = path.read_text("ascii").strip()
        key = bytes.fromhex(text)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TombstonesUnreadable(f"{path}: {error.strerror or error}. {_WAY_OUT}") from error
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise TombstonesUnreadable(f"{path}: is not a key of {_KEY_BYTES} bytes in hex digits. {_WAY_OUT}")
    return key


def write_private(path: Path, content: bytes) -> None:
    """Let `content` stand at `path` for the owner alone, whole or not at all, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(".*.tmp"):
        left.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    sync_folder(path.parent.parent)
