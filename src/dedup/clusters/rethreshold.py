"""What other thresholds would make of a release, from its published pairs: no text is matched again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.clusters.canonical import rank_sections
from dedup.clusters.finding import ReadableRelease, has_dataset
from dedup.clusters.grouping import group_nodes
from dedup.matching.verify import edit_similarities
from dedup.settings import MatchSettings
from dedup.text.normalise import string_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Pairs whose edit similarity is computed at most, since a higher Jaccard threshold lets it decide; some 20 us each.
MOST_MEASURED = 50_000
EXAMPLES = 20


class SettledRelease(ReadableRelease, Protocol):
    """A release that says with which settings it was made."""

    manifest: dict[str, Any]


class NotPublished(ValueError):
    """The release does not know the pairs that would decide."""


@dataclass(frozen=True)
class Leaving:
    """A section that would no longer stand with its canonical section."""

    section_id: str
    cluster_id: str
    canonical_section: str
    jaccard: float
    edit_similarity: float | None


@dataclass(frozen=True)
class ThresholdPreview:
    """What a release would be with other thresholds.

    Attributes
    ----------
    match : the thresholds
    clusters, clusters_before : all clusters, those of one section included
    with_copies, with_copies_before : clusters of two sections and more
    leaving : sections that would get another canonical section, or stand alone
    changed : clusters that would lose some of their sections
    undecided : pairs that are taken as no copies, since their edit similarity is not known
    examples : sections that would leave, the most similar first
    """

    match: MatchSettings
    clusters: int
    clusters_before: int
    with_copies: int
    with_copies_before: int
    leaving: int
    changed: int
    undecided: int
    examples: tuple[Leaving, ...]

    def describe(self) -> str:
        """Return it in a sentence."""
        m = self.match
        leaving = "1 section leaves" if self.leaving == 1 else f"{self.leaving:,} sections leave"
        return (
            f"at Jaccard {m.jaccard:g}, or {m.floor:g} with an edit similarity of {m.edit:g}: {self.clusters:,} "
            f"clusters ({self.clusters - self.clusters_before:+,}); {leaving}"
        )


@dataclass(frozen=True)
class PublishedPairs:
    """Sections and pairs of a release as numbers; read once, asked for many thresholds.

    Attributes
    ----------
    sections : section_id, cluster_id of the n sections that stand in clusters
    position : (n,) rank of each, 0 is best
    canonical : (n,) row of the canonical section
    a, b, jaccard, edit : (p,) the pairs; `edit` is NaN where it is not published
    fixed, wall : (p,) pairs that are copies whatever the thresholds; that are none, and keep clusters apart
    """

    release: SettledRelease
    match: MatchSettings
    sections: pa.Table
    position: NDArray[np.int64]
    canonical: NDArray[np.int64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    edit: NDArray[np.float64]
    fixed: NDArray[np.bool_]
    wall: NDArray[np.bool_]


_SECTIONS = """
SELECT m.section_id, m.cluster_id, m.is_canonical, m.stands_for, s.doc_id, s.completeness, s.mask_ratio,
       s.boilerplate_ratio, s.content_hash
FROM membership m JOIN sections s USING (section_id) ORDER BY m.section_id
"""


def read_pairs(release: SettledRelease) -> PublishedPairs:
    """Read what `preview_thresholds` needs of a release; no texts."""
    settings = release.manifest.get("settings") or {}
    stored = settings.get("match") or {}
    match = MatchSettings(**{k: v for k, v in stored.items() if k in MatchSettings.model_fields})
    sections = release.sql(_SECTIONS).combine_chunks()
    ids = sections.column("section_id").combine_chunks()
    canonical = pc.index_in(sections.column("stands_for"), ids).combine_chunks().to_numpy().astype(np.int64)
    trusted = [s.get("name") or s["path"] for s in settings.get("sources", ()) if s.get("trusted")]
    prefer = list(dict.fromkeys([*((settings.get("cluster") or {}).get("prefer") or ()), *trusted]))
    documents = release.arrow("documents", ["doc_id", "source", "published_at"])
    position = _published_first(rank_sections(sections, documents, prefer).position, canonical)
    pairs = release.sql("SELECT * FROM pairs WHERE relation <> 'contains'")
    a, b = (
        pc.fill_null(pc.index_in(pairs.column(name), ids), -1).to_numpy().astype(np.int64)
        for name in ("section_a", "section_b")
    )
    kept = pa.array(np.flatnonzero((a >= 0) & (b >= 0)))
    pairs = pairs.take(kept)
    a, b = a[kept.to_numpy()], b[kept.to_numpy()]
    relation = pairs.column("relation")
    fixed = pc.or_(pc.equal(relation, "exact"), pc.starts_with(pairs.column("rule"), "decided"))
    walls_a, walls_b = _told_apart(release, sections)
    n_walls = walls_a.size
    return PublishedPairs(
        release,
        match,
        sections.select(["section_id", "cluster_id"]),
        position,
        canonical,
        np.concatenate([a, walls_a]),
        np.concatenate([b, walls_b]),
        np.concatenate([pairs.column("jaccard").to_numpy(), np.zeros(n_walls)]),
        np.concatenate([pc.fill_null(pairs.column("edit_similarity"), np.nan).to_numpy(), np.zeros(n_walls)]),
        np.concatenate([fixed.to_numpy(), np.zeros(n_walls, dtype=bool)]),
        np.concatenate([pc.equal(relation, "variant").to_numpy(), np.ones(n_walls, dtype=bool)]),
    )


def _published_first(position: NDArray[np.int64], canonical: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ranks in which every canonical section stands before the rest of its cluster."""
    best = position.copy()
    np.minimum.at(best, canonical, position)
    place = 2 * position
    heads = np.unique(canonical)
    place[heads] = 2 * best[heads] - (position[heads] > best[heads])
    ranked = np.empty_like(position)
    ranked[np.argsort(place, kind="stable")] = np.arange(position.size)
    return ranked


def _told_apart(release: SettledRelease, sections: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of sections whose texts somebody told apart, pair by pair."""
    nothing = np.zeros(0, dtype=np.int64)
    if not has_dataset(release, "decisions"):
        return nothing, nothing
    told = release.sql(
        "SELECT key_a, key_b FROM decisions WHERE outcome = 'applied' AND kind IN ('not_same', 'edition')"
    )
    rows: dict[str, list[int]] = {}
    keys = pa.chunked_array([*told.column("key_a").chunks, *told.column("key_b").chunks], pa.string())
    held = pc.is_in(sections.column("content_hash"), keys.combine_chunks()).to_numpy()
    for row in np.flatnonzero(held).tolist():
        rows.setdefault(sections.column("content_hash")[row].as_py(), []).append(row)
    pairs = [
        (x, y) for d in told.to_pylist() for x in rows.get(d["key_a"], ()) for y in rows.get(d["key_b"], ())
    ]  # fmt: skip
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def preview_thresholds(
    pairs: PublishedPairs,
    *,
    jaccard: float | None = None,
    floor: float | None = None,
    edit: float | None = None,
    measure: int = MOST_MEASURED,
) -> ThresholdPreview:
    """Say what a release would be with other thresholds.

    Parameters
    ----------
    jaccard, floor, edit : as in `[match]`; default: as the release was made with
    measure : pairs whose edit similarity is computed at most, where a higher `jaccard` leaves the verdict to it

    Raises
    ------
    NotPublished
        A threshold is lower than the release's: it does not know the pairs below its own.

    Notes
    -----
    Clusters form by the rules of a run. In clusters with more sections than `match.complete_cluster` only the pairs
    with the canonical section are published: whoever leaves such a cluster stands alone here, and may find others
    that left in a run.
    """
    now = pairs.match
    wanted = {"jaccard": jaccard, "floor": floor, "edit": edit}
    match = now.model_copy(update={k: v for k, v in wanted.items() if v is not None})
    match = MatchSettings.model_validate(match.model_dump())
    lower = [f"{k} {getattr(match, k):g}" for k in wanted if getattr(match, k) < getattr(now, k)]
    if lower:
        raise NotPublished(
            f"{', '.join(lower)}: lower than in release {pairs.release.id} ({now.jaccard:g}, {now.floor:g}, "
            f"{now.edit:g}), which knows no pairs below its own; set it in [match] and run, with --dry-run to see only"
        )
    similar = pairs.jaccard >= match.jaccard
    open_ = ~pairs.wall & ~pairs.fixed & ~similar & (pairs.jaccard >= match.floor)
    unknown = np.flatnonzero(open_ & np.isnan(pairs.edit))
    measured = pairs.edit.copy()
    measured[unknown[:measure]] = _measured(pairs, unknown[:measure])
    with np.errstate(invalid="ignore"):
        copies = pairs.fixed | similar | (open_ & (measured >= match.edit))
    kept = pairs.wall | copies
    leader = group_nodes(pairs.position, pairs.a[kept], pairs.b[kept], pairs.wall[kept])
    return _compare(pairs, match, leader, measured, max(0, unknown.size - measure))


def _measured(pairs: PublishedPairs, which: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the edit similarity of some pairs, computed from the texts."""
    if not which.size:
        return np.zeros(0)
    rows, where = np.unique(np.concatenate([pairs.a[which], pairs.b[which]]), return_inverse=True)
    ids = pairs.sections.column("section_id").take(pa.array(rows)).combine_chunks()
    found = pairs.release.sql(
        "SELECT section_id, clean_text FROM sections WHERE section_id IN (SELECT unnest($ids))",
        {"ids": ids.to_pylist()},
    )
    at = pc.index_in(ids, found.column("section_id").combine_chunks())
    texts = string_array(found.column("clean_text").take(at).to_pylist())
    return edit_similarities(texts, where[: which.size], where[which.size :])


def _compare(
    pairs: PublishedPairs,
    match: MatchSettings,
    leader: NDArray[np.int64],
    edit: NDArray[np.float64],
    undecided: int,
) -> ThresholdPreview:
    canonical = pairs.canonical
    left = np.flatnonzero(leader != canonical)
    # Sections are numbered in the order of their ids, so a is below b; walls of decisions may repeat a pair.
    packed = (np.minimum(pairs.a, pairs.b) << 32) | np.maximum(pairs.a, pairs.b)
    turn = np.argsort(packed, kind="stable")
    wanted = (np.minimum(left, canonical[left]) << 32) | np.maximum(left, canonical[left])
    at = np.minimum(np.searchsorted(packed[turn], wanted), max(packed.size - 1, 0))
    tie = np.where(packed[turn][at] == wanted, turn[at], -1) if packed.size else np.full(left.size, -1)
    similarity = np.where(tie >= 0, pairs.jaccard[tie], 0.0) if packed.size else np.zeros(left.size)
    order = np.lexsort((left, -similarity))[:EXAMPLES]
    ids, clusters = (pairs.sections.column(name) for name in ("section_id", "cluster_id"))
    examples = tuple(
        Leaving(
            ids[int(left[i])].as_py(),
            clusters[int(left[i])].as_py(),
            ids[int(canonical[left[i]])].as_py(),
            float(similarity[i]),
            None if tie[i] < 0 or np.isnan(edit[tie[i]]) else float(edit[tie[i]]),
        )
        for i in order.tolist()
    )
    sizes, before = (np.unique(of, return_counts=True)[1] for of in (leader, canonical))
    return ThresholdPreview(
        match,
        sizes.size,
        before.size,
        int((sizes > 1).sum()),
        int((before > 1).sum()),
        left.size,
        np.unique(canonical[left]).size,
        undecided,
        examples,
    )
