"""Finding what a person means: an id, the start of one, or a page's address, in a release."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pyarrow as pa


class ReadableRelease(Protocol):
    """What is asked of a release: its datasets, by name or with SQL."""

    @property
    def id(self) -> str:
        """Name of the release."""

    def arrow(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return a dataset as a table."""

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> pa.Table:
        """Answer a SELECT."""


Kind = Literal["section", "cluster", "document", "family", "passage", "template", "fact", "observation", "table"]


class NotFound(LookupError):
    """Nothing in the release goes by this name."""


class Ambiguous(LookupError):
    """Several things in the release go by this name."""


@dataclass(frozen=True)
class Target:
    """A thing in a release: its kind and its full id."""

    kind: Kind
    id: str


#: Prefix of an id -> kind, dataset, column.
_KINDS: dict[str, tuple[Kind, str, str]] = {
    "s": ("section", "sections", "section_id"),
    "c": ("cluster", "clusters", "cluster_id"),
    "d": ("document", "documents", "doc_id"),
    "f": ("family", "clusters", "family_id"),
    "x": ("passage", "passage_stats", "passage_id"),
    "t": ("template", "templates", "template_id"),
    "a": ("fact", "facts", "fact_id"),
    "o": ("observation", "observations", "observation_id"),
    "b": ("table", "extracted_tables", "table_id"),
}
_ID = re.compile(r"([scdfxtaob])_([0-9a-f]{0,16})")
_SHOWN = 6
#: How an address may be given, the strictest first.
_ADDRESSES = (
    "uri = $name OR source_id = $name",
    "suffix(uri, '/' || $name) OR suffix(uri, '#' || $name)",
    "starts_with(uri, $name) OR starts_with(source_id, $name)",
    "contains(uri, $name) OR suffix(uri, '/' || $last)",
)


def has_dataset(release: ReadableRelease, name: str) -> bool:
    """Whether a release has a dataset: older ones lack those that came later."""
    return name in (getattr(release, "manifest", {}).get("datasets") or {})


def find_target(release: ReadableRelease, name: str) -> Target:
    """Return what `name` stands for.

    Parameters
    ----------
    name : id of a section, cluster, document, family, passage, template, fact, observation or table, or its beginning
        (`c_7f3a`, `c_7f3a…`); or the uri, own id or path of a document, whole or as much of it as no other has

    Raises
    ------
    NotFound, Ambiguous
        No thing, or several, go by that name; the message says what there is.
    """
    wanted = name.strip().rstrip("….").strip() if _ID.match(name.strip()) else name.strip()
    match = _ID.fullmatch(wanted)
    if match:
        kind, dataset, column = _KINDS[match[1]]
        query = (
            f"SELECT DISTINCT {column} AS id FROM {dataset} WHERE starts_with({column}, $start) ORDER BY id LIMIT 99"
        )
        ids = release.sql(query, {"start": wanted}).column("id").to_pylist()
        if not ids:
            raise NotFound(f"release {release.id} has no {kind} {wanted}{_how_to_list(kind)}")
        if len(ids) > 1:
            raise Ambiguous(f"{wanted}… is the beginning of {len(ids)}{_several(len(ids))} ids: {_some(ids)}")
        return Target(kind, ids[0])
    if not wanted:
        raise NotFound("an empty name stands for nothing; give an id such as c_7f3a, or the address of a page")
    last = wanted.replace("\\", "/").rsplit("/", 1)[-1]
    for condition in _ADDRESSES:
        values = {"name": wanted} | ({"last": last} if "$last" in condition else {})
        found = release.sql(f"SELECT doc_id, uri FROM documents WHERE {condition} ORDER BY uri LIMIT 99", values)
        if found.num_rows == 1:
            return Target("document", found.column("doc_id")[0].as_py())
        if found.num_rows > 1:
            uris = found.column("uri").to_pylist()
            raise Ambiguous(f"{wanted!r} stands for {len(uris)}{_several(len(uris))} pages: {_some(uris)}")
    raise NotFound(
        f"release {release.id} has no page {wanted!r}; pages go by their uri or own id: "
        f'dedup sql "select uri, source_id from documents"'
    )


def _several(n: int) -> str:
    return " or more" if n == 99 else ""


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def _how_to_list(kind: str) -> str:
    return {
        "cluster": "; `dedup clusters` lists those with copies",
        "family": '; dedup sql "select family_id, cluster_id from clusters" lists them',
        "section": '; dedup sql "select section_id, title from sections" lists them',
        "document": '; dedup sql "select doc_id, uri from documents" lists them',
        "passage": '; dedup sql "select passage_id, text from passage_stats" lists them',
        "template": "; `dedup templates` lists them",
        "fact": "; `dedup facts` lists them",
        "observation": '; dedup sql "select observation_id, quote from observations" lists them',
        "table": '; dedup sql "select table_id, caption from extracted_tables" lists them',
    }[kind]
