"""Which files belong to a source: walking folders and globs in a fixed order, without leaving the source."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from dedup.settings import CONFIG_NAME, Settings, SourceSettings
from dedup.sources.errors import SourceError
from dedup.sources.provenance import first_folder, printable

_MAGIC = re.compile(r"[*?\[]")
#: Files that accompany pages and are none: our own settings, truth of generated samples, notes of repositories.
COMPANION = re.compile(
    r"truth\..*|(README|LICENSE|LICENCE|CHANGELOG|CITATION)([.-].*)?|Thumbs\.db|desktop\.ini|" + re.escape(CONFIG_NAME)
)
#: Folders that are never pages: what Python, Node and macOS leave behind. A warehouse is told by its content.
_SKIPPED_FOLDERS = frozenset({"__pycache__", "__MACOSX", "node_modules"})


@dataclass(frozen=True)
class Entry:
    """One file of a source; `refusal` is (rule, reason) when it must not even be opened.

    `inside` is its path inside the source with forward slashes, `size` its bytes as stored, `changed` tells when its
    content may be another (None: nobody can tell).
    """

    source: SourceSettings
    name: str
    inside: str
    size: int
    open: Callable[[], BinaryIO]
    refusal: tuple[str, str] | None = None
    identity: str = ""
    changed: str | None = ""

    @property
    def site(self) -> str:
        """Name of the site when no url says better: the first folder inside the source, else the source."""
        return first_folder(self.inside) or self.name


@dataclass(frozen=True)
class Place:
    """A source's path taken apart: the folder that paths inside it count from, and what to take there."""

    root: Path
    single: str | None
    pattern: str | None

    @property
    def name(self) -> str:
        """Name of the top folder, the default name of the source."""
        return printable(Path(os.path.abspath(self.root)).name) or "source"  # noqa: PTH100 - links keep the name they were given


def is_remote(path: str) -> bool:
    """Tell whether a source's path is a url for fsspec."""
    return "://" in path and not path.startswith("file://")


def find_place(path: str) -> Place | None:
    """Return where a local source lies, None when nothing is there (a glob may match nothing)."""
    local = Path(path.removeprefix("file://")).expanduser()
    try:
        mode = local.stat().st_mode
    except (OSError, ValueError):
        mode = 0
    if stat.S_ISDIR(mode):
        return Place(local, None, None)
    if mode:
        return Place(local.parent, local.name, None)
    parts = local.parts
    first = next((i for i, part in enumerate(parts) if _MAGIC.search(part)), None)
    if first is None:
        return None
    root = Path(*parts[:first]) if first else Path()
    return Place(root, None, "/".join(parts[first:])) if root.is_dir() else None


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    """Return a glob as a pattern for whole paths: `**` spans folders, `*` and `?` do not."""
    out = ""
    for part in re.split(r"(\*\*/|\*\*)", pattern):
        if part in {"**/", "**"}:
            out += "(?:[^/]+/)*" if part == "**/" else ".*"
        else:
            # fnmatch's `.` for `*` and `?` becomes "no slash"; brackets keep their meaning.
            body = translate(part).removeprefix("(?s:").removesuffix(r")\Z")
            out += re.sub(r"(?<!\\)\.", "[^/]", body)
    return re.compile(out)


def matches(inside: str, pattern: str) -> bool:
    """Tell whether a path inside a source matches a glob; a glob without a slash is held against the file's name."""
    pattern = pattern.removeprefix("./").strip("/")
    if "/" in pattern or pattern == "**":
        return _glob(pattern).fullmatch(inside) is not None
    return any(_glob(pattern).fullmatch(part) for part in inside.split("/"))


def _is_warehouse(folder: Path) -> bool:
    """Tell a folder of releases, so that what was published, or is being written, is not read as input."""
    try:
        kept = [name for name in ("releases", "staging", "rejected") if (folder / name).is_dir()]
        return bool(kept) and ((folder / "latest.json").is_file() or (folder / ".lock").exists())
    except PermissionError:
        return False  # it cannot be listed either, which is said then


def _walk(root: Path, inside: str = "") -> Iterator[tuple[str, os.DirEntry[str] | None, str]]:
    """Yield (path inside, entry, what went wrong) of every file below `root`, folder by folder in code point order."""
    try:
        with os.scandir(root) as scan:
            entries = sorted(scan, key=lambda e: e.name)
    except OSError as error:
        yield inside.rstrip("/") or ".", None, error.strerror or str(error)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = inside + entry.name
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _SKIPPED_FOLDERS and not _is_warehouse(Path(entry.path)):
                yield from _walk(Path(entry.path), path + "/")
        else:
            yield path, entry, ""


def _refusal(entry: os.DirEntry[str], root: Path) -> tuple[str, str] | None:
    """Return why a directory entry must not be opened, None when it is an ordinary file of the source."""
    if entry.is_symlink():
        try:
            target = Path(entry.path).resolve(strict=True)
        except (OSError, RuntimeError):
            return "unreadable", "a link to nowhere"
        if not target.is_relative_to(root):
            return (
                "outside_source",
                "a link that leads out of the source folder; name its target as a source of its own",
            )
        if target.is_dir():
            return "linked_folder", "a link to another folder of the source, which is read where it lies"
        mode = target.stat().st_mode
    else:
        mode = entry.stat(follow_symlinks=False).st_mode
    if not stat.S_ISREG(mode):
        return "not_a_file", "a device, pipe or socket, not a file"
    return None


def _opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb")


def _identity(item: os.DirEntry[str], real: Path, refusal: tuple[str, str] | None) -> str:
    """Return what tells one file of the disk from another: its real path, "" when it is not read."""
    return "" if refusal else str(real.resolve() if item.is_symlink() else real)


def list_entries(source: SourceSettings) -> Iterator[Entry]:
    """Yield the files of a source in a fixed order, those that must not be opened with their refusal.

    Left out quietly: hidden files and folders, what `exclude` names, settings, READMEs and truth files beside the
    pages, release folders.
    """
    if is_remote(source.path):
        from dedup.sources.remote import list_remote

        yield from list_remote(source)
        return
    place = find_place(source.path)
    if place is None:
        gone = ("missing_source", f"nothing lies at {Path(source.path).name}; is the disk mounted, the path right?")
        name = source.name or Path(source.path).name or "source"
        yield Entry(source, name, Path(source.path).name or ".", 0, _opener(Path(source.path)), gone)
        return
    name = source.name or place.name
    if place.single is not None:
        path = place.root / place.single
        status = path.stat()
        odd = None if stat.S_ISREG(status.st_mode) else ("not_a_file", "a device, pipe or socket, not a file")
        changed = str(status.st_mtime_ns)
        single, identity = printable(place.single), str(path.resolve())
        yield Entry(source, name, single, status.st_size, _opener(path), odd, identity, changed)
        return
    root = place.root.resolve()
    for inside, item, problem in _walk(place.root):
        if place.pattern is not None and not _glob(place.pattern).fullmatch(inside):
            continue
        if any(matches(inside, pattern) for pattern in source.exclude):
            continue
        path, real, inside = place.root / inside, root / inside, printable(inside)
        if item is None:
            yield Entry(
                source, name, inside, 0, _opener(path), ("unreadable", f"the folder cannot be listed: {problem}")
            )
            continue
        if COMPANION.fullmatch(item.name):
            continue
        try:
            refusal = _refusal(item, root)
            stated = item.stat() if refusal is None else None
        except OSError as error:
            refusal, stated = ("unreadable", error.strerror or str(error)), None
        size, changed = (stated.st_size, str(stated.st_mtime_ns)) if stated else (0, "")
        yield Entry(source, name, inside, size, _opener(path), refusal, _identity(item, real, refusal), changed)


def count_inputs(sources: Sequence[SourceSettings]) -> int:
    """Return how many files the sources hold: the total for a progress bar (the sum of `SourceBatch.n_files`)."""
    return sum(1 for source in sources for _ in list_entries(source))


def resolve_sources(arguments: Sequence[str], settings: Settings) -> tuple[SourceSettings, ...]:
    """Return the sources that a command line names.

    Parameters
    ----------
    arguments : names of declared sources, or paths, globs and urls; none means all declared ones
    settings : settings with the declared sources

    Raises
    ------
    SourceError
        Nothing is named and nothing declared, or an argument is neither a declared name nor there
    """
    declared = {name: s for s in settings.sources for name in (s.name, s.path) if name}
    if not arguments:
        if not settings.sources:
            raise SourceError(
                "no source is named and none is declared: give a file or folder, or declare one in dedup.toml"
                " (`dedup init --from DIR` writes it)"
            )
        if not any(is_remote(s.path) or find_place(s.path) for s in settings.sources):
            places = ", ".join(s.path for s in settings.sources)
            raise SourceError(f"none of the declared sources is there ({places}); check the paths in dedup.toml")
        return settings.sources
    resolved: list[SourceSettings] = []
    for argument in arguments:
        if argument in declared:
            source = declared[argument]
        elif is_remote(argument) or find_place(argument):
            source = SourceSettings(path=argument)
        else:
            names = ", ".join(sorted(s.name for s in settings.sources if s.name)) or "none"
            raise SourceError(f"'{argument}': no such file or folder, and no source of that name (declared: {names})")
        if source not in resolved:
            resolved.append(source)
    return tuple(resolved)
