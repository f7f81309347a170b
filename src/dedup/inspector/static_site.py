"""The pages as files: the same views and templates, links between what was written, nothing that asks a server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dedup.inspector.addresses import Written, file_name
from dedup.inspector.asking import Asked
from dedup.inspector.language import catalogue
from dedup.inspector.queries.shared_text import WAYS
from dedup.inspector.registry import ASSETS, VIEWS, asset
from dedup.inspector.rendering import Look, Page, render
from dedup.inspector.store import Missing, Store
from dedup.releases.rendered import MARK

#: Set phrases and figures with a page of their own.
TEMPLATES, FACTS = 200, 200
#: Copies of a cluster that are laid beside the canonical text.
PAIRS = 5


class NotOurs(FileExistsError):
    """The folder holds other things."""


@dataclass(frozen=True)
class WrittenSite:
    """What was written.

    Attributes
    ----------
    folder : where it lies; begin with `index.html`
    files : number of pages
    clusters, of : clusters with a page, and those of two copies and more that there are
    """

    folder: Path
    files: int
    clusters: int
    of: int

    def describe(self) -> str:
        """Return one line about it."""
        left = f" of {self.of:,} with copies, the most interesting ones" if self.clusters < self.of else ""
        return f"{self.files:,} pages written, {self.clusters:,} clusters{left}"


def write_site(store: Store, folder: Path, *, lang: str = "en", clusters: int = 300) -> WrittenSite:
    """Write the pages of a release into a folder.

    Parameters
    ----------
    folder : made when missing; one that an earlier call made is replaced
    lang : language of the pages
    clusters : clusters with a page of their own at most: large, doubtful and disagreeing ones first

    Raises
    ------
    NotOurs
        The folder holds other things.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise NotOurs(f"{folder}: holds other things; name a folder that does not exist or is empty")
    store.need("listed", "members", "places")
    chosen = _interesting(store, clusters)
    plan: dict[str, tuple[str, dict[str, Any]]] = {}
    for view, values in _pages(store, [row["cluster_id"] for row in chosen]):
        plan.setdefault(file_name(view, **values), (view, values))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).write_text(f"{store.id}\n", "utf-8")
    for name in ASSETS:
        if not name.endswith(".js"):
            _write(folder / file_name("static", name=name), asset(name))
    files = 0
    for name, (view, values) in plan.items():
        look = Look(store, catalogue(lang), Written(name, plan.keys()), live=False)
        try:
            page = VIEWS[view](look, Asked({k: "1" if v is True else str(v) for k, v in values.items()}))
        except Missing:
            continue
        if isinstance(page, Page):
            _write(folder / name, render(page, look).encode("utf-8", "replace"))
            files += 1
    total = store.row("SELECT count(*) AS n FROM listed WHERE n_sections > 1", over={"listed": store.scan("listed")})
    return WrittenSite(folder, files, len(chosen), total["n"] if total else 0)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _interesting(store: Store, n: int) -> list[dict[str, Any]]:
    """Return the clusters to write: by turns the largest, the most doubtful, those that disagree most."""
    return store.rows(
        "WITH ranked AS (SELECT cluster_id, least(row_number() OVER (ORDER BY n_sections DESC, cluster_id),"
        " row_number() OVER (ORDER BY doubt DESC, cluster_id),"
        " row_number() OVER (ORDER BY n_conflicts DESC, cluster_id)) AS place FROM listed WHERE n_sections > 1)"
        f" SELECT cluster_id FROM ranked ORDER BY place, cluster_id LIMIT {n}",
        over={"listed": store.scan("listed")},
    )


def _pages(store: Store, cluster_ids: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every view that is written, with its parameters."""
    for view in (
        "overview",
        "clusters",
        "documents",
        "facts",
        "templates",
        "phrases",
        "quality",
        "quarantine",
        "releases",
    ):
        yield view, {}
    for sort in ("doubt", "spread", "conflicts", "similarity"):
        yield "clusters", {"sort": sort}
    yield "network", {}
    for way in WAYS:
        yield "network", {"by": way}
    if parent := store.release.manifest.get("parent"):
        yield "release_changes", {"since": parent}
    members = store.rows(
        "SELECT cluster_id, section_id, doc_id, is_canonical, stands_for, row_number() OVER"
        " (PARTITION BY cluster_id ORDER BY is_canonical DESC, similarity, section_id) AS place"
        " FROM members WHERE cluster_id IN (SELECT unnest($ids))",
        {"ids": cluster_ids},
        over={"members": store.scan("members")},
    )
    for cluster_id in cluster_ids:
        yield "cluster", {"id": cluster_id}
    for member in members:
        if member["place"] <= PAIRS + 1:
            yield "document", {"id": member["doc_id"]}
            if not member["is_canonical"]:
                yield "pair", {"a": member["stands_for"], "b": member["section_id"]}
    if store.has("templates"):
        for row in store.rows(f"SELECT template_id FROM templates ORDER BY df DESC, template_id LIMIT {TEMPLATES}"):
            yield "template", {"id": row["template_id"]}
    if store.has("facts"):
        keys = store.tables.sql_of_fact_keys()
        for row in store.rows(f"SELECT fact_id FROM {keys} WHERE flagged LIMIT {FACTS}"):
            yield "fact", {"id": row["fact_id"]}
