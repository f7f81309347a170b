"""Sources behind fsspec urls (`s3://…`, `memory://…`): optional, with the extra `remote`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from dedup.settings import SourceSettings
from dedup.sources.errors import SourceError
from dedup.sources.locate import COMPANION, Entry, matches
from dedup.sources.provenance import printable, url_without_secrets

#: What file systems call the version of a file's content, or its time, the surest first.
_VERSIONS = ("ETag", "etag", "md5", "LastModified", "last_modified", "updated", "mtime", "created")


def _filesystem(url: str) -> tuple[Any, str]:
    """Return (fsspec file system, path in it).

    Raises
    ------
    SourceError
        fsspec, or the package for this kind of url, is not installed
    """
    try:
        import fsspec
    except ImportError:
        raise SourceError(f"{url_without_secrets(url)}: urls need fsspec: pip install 'dedup[remote]'") from None
    try:
        fs, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise SourceError(f"{url_without_secrets(url)}: no file system for this url ({error})") from error
    return fs, str(path)


def _opener(fs: Any, path: str) -> Callable[[], BinaryIO]:
    return lambda: cast(BinaryIO, fs.open(path, "rb"))


def list_remote(source: SourceSettings) -> Iterator[Entry]:
    """Yield the files below an fsspec url, in code point order of their paths, with the rules of local folders."""
    fs, path = _filesystem(source.path)
    path = path.rstrip("/")
    default = path.rpartition("/")[2] or urlsplit(source.path).netloc or "source"
    try:
        root, names = _names(fs, path)
    except Exception as error:  # each back end raises what it likes; the reason is kept for quarantine
        reason = f"the url cannot be listed: {str(error)[:300] or type(error).__name__}"
        yield Entry(source, source.name or default, default, 0, _opener(fs, path), ("missing_source", reason))
        return
    name = source.name or root.rpartition("/")[2] or urlsplit(source.path).netloc or "source"
    for full, size, changed in names:
        inside = full[len(root) :].lstrip("/") or full.rpartition("/")[2]
        parts = inside.split("/")
        if any(part.startswith(".") and part != ".." for part in parts) or COMPANION.fullmatch(parts[-1]):
            continue
        if any(matches(inside, pattern) for pattern in source.exclude):
            continue
        refusal = ("outside_source", "a name with '..' leads out of the source") if ".." in parts else None
        yield Entry(source, name, printable(inside), size, _opener(fs, full), refusal, f"{name}/{full}", changed)


def _names(fs: Any, path: str) -> tuple[str, list[tuple[str, int, str | None]]]:
    """Return (root, sorted [(full path, size, when it changed)]) of a file, folder or glob."""
    if any(c in path for c in "*?["):
        cut = min(path.index(c) for c in "*?[" if c in path)
        root = path[:cut].rpartition("/")[0]
        found = {p: fs.info(p) for p in fs.glob(path)}
        return root, _described({p: info for p, info in found.items() if info["type"] == "file"})
    if fs.isfile(path):
        return path.rpartition("/")[0], _described({path: fs.info(path)})
    found = fs.find(path, detail=True)
    if not found and not fs.exists(path):
        raise FileNotFoundError("nothing lies there")
    return path, _described(found)


def _described(found: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, int, str | None]]:
    return sorted((p, int(info.get("size") or 0), _changed(info)) for p, info in found.items())


def _changed(info: Mapping[str, Any]) -> str | None:
    """Return what the server says of the content or its time; None when it says nothing."""
    return next((str(info[name]) for name in _VERSIONS if info.get(name)), None)
