"""Drawing the pairs that people shall judge: how right a release is, is measured on them and not assumed.

Pairs are pairs of different texts; exact copies need no judge. Those that the release publishes show its precision.
Those that it does not show what it misses; as most of all pairs are of no interest, they are looked for around a
sample of texts, among pairs that share a fifth of their shingles or more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from dedup.clusters.finding import ReadableRelease, has_dataset
from dedup.decisions.labels import DrawnPair, Stratum
from dedup.fingerprinting.minhash import load_fingerprints
from dedup.matching.verify import edit_similarities, shared_shingles
from dedup.settings import FingerprintSettings
from dedup.text.normalise import string_array

Stratify = Literal["similarity", "none"]

#: Borders of Jaccard similarity between strata of published copies; the definition turns at 0.35 and 0.7.
COPY_BANDS = (0.0, 0.5, 0.7, 0.8, 0.9, 1.0)
#: Borders between strata of pairs that are not published; what shares less than the first is not looked at.
MISSED_BANDS = (0.2, 0.35, 0.5, 1.0)
#: Share of equal signature values from which a pair is compared exactly: two standard errors below the first border.
ESTIMATE_FLOOR = 0.13
#: Of a sample, the part that goes to pairs that are not published.
MISSED_SHARE = 0.35
#: Pairs found around the sampled texts that are compared exactly at most; of more, so many are drawn.
MOST_COMPARED = 20_000
_BATCH_ROWS = 65_536


class SampledRelease(ReadableRelease, Protocol):
    """What is asked of a release from which a sample is drawn."""

    manifest: dict[str, Any]

    def dataset(self, name: str) -> Any:
        """Return a lazy Arrow dataset."""


@dataclass(frozen=True)
class LabelSample:
    """Pairs to judge in a random order, and what they were drawn from."""

    strata: tuple[Stratum, ...]
    pairs: tuple[DrawnPair, ...]


@dataclass(frozen=True)
class _Frame:
    """Pairs that may be drawn, with columns key_a, key_b, section_a, section_b, jaccard, edit_similarity.

    `probability` is that of a pair being in the frame at all; `degrees` are, for each sampled text, the pairs of each
    stratum that it is in.
    """

    pairs: pa.Table
    stratum: NDArray[np.int64]
    names: tuple[str, ...]
    published: tuple[str, ...]
    probability: float = 1.0
    degrees: NDArray[np.int64] | None = None
    texts: int = 0


_PUBLISHED = """
WITH pair AS (
    SELECT p.*, a.content_hash AS ha, b.content_hash AS hb
    FROM pairs p
    JOIN membership ma ON ma.section_id = p.section_a JOIN membership mb ON mb.section_id = p.section_b
    JOIN sections a ON a.section_id = p.section_a JOIN sections b ON b.section_id = p.section_b
    WHERE p.relation IN ('near_duplicate', 'variant') AND a.content_hash <> b.content_hash
), texts AS (
    SELECT least(ha, hb) AS key_a, greatest(ha, hb) AS key_b,
           min({'a': CASE WHEN ha < hb THEN section_a ELSE section_b END,
                'b': CASE WHEN ha < hb THEN section_b ELSE section_a END, 'jaccard': jaccard, 'edit': edit_similarity,
                'relation': relation, 'rule': rule}) AS best
    FROM pair GROUP BY ALL
)
SELECT key_a, key_b, best.a AS section_a, best.b AS section_b, best.jaccard AS jaccard, best.edit AS edit_similarity,
       best.relation AS relation, contains(best.rule, 'decided') AS decided
FROM texts ORDER BY key_a, key_b
"""
_TEXTS = """
SELECT s.content_hash AS key, min(section_id) AS section_id, min(m.cluster_id) AS cluster_id
FROM membership m JOIN sections s USING (section_id) JOIN fingerprints f USING (section_id)
WHERE f.n_shingles > 0 GROUP BY s.content_hash ORDER BY key
"""


def draw_sample(
    release: SampledRelease, n: int, *, stratify: Stratify = "similarity", seed: int = 1, texts: int = 300
) -> LabelSample:
    """Draw pairs to be judged.

    Parameters
    ----------
    n : pairs in all; fewer where there are not so many
    stratify : similarity: every band of similarity gets its share, however rare it is; none: three strata only, of
        copies, editions, and pairs that are not published
    seed : the same seed draws the same pairs of the same release
    texts : texts around which pairs that are not published are looked for

    Returns
    -------
    the pairs, each with the probability with which it was drawn
    """
    random = np.random.default_rng(seed)
    published = release.sql(_PUBLISHED)
    # What people decided says nothing about the machine.
    judged = published.filter(pc.invert(published.column("decided")))
    frames = [_published_frame(judged, stratify), _missed_frame(release, published, stratify, texts, random)]
    available = [np.bincount(f.stratum, minlength=len(f.names)) for f in frames]
    n_published, n_missed = (int(sizes.sum()) for sizes in available)
    missed = min(n_missed, max(round(n * MISSED_SHARE), n - n_published))
    wanted = [n - missed, missed]
    strata: list[Stratum] = []
    drawn: list[DrawnPair] = []
    for frame, sizes, share in zip(frames, available, wanted, strict=True):
        for k, take in enumerate(_allocate(sizes, share)):
            members = np.flatnonzero(frame.stratum == k)
            if members.size == 0:
                continue
            population, error = _population(frame, k, members.size)
            strata.append(Stratum(frame.names[k], frame.published[k], population, error, int(take)))
            rows = np.sort(random.choice(members, size=take, replace=False))
            probability = float(frame.probability * take / members.size)
            drawn += [
                DrawnPair(
                    number=0, stratum=frame.names[k], probability=probability, published=frame.published[k], **row
                )
                for row in frame.pairs.select(_COLUMNS).take(pa.array(rows)).to_pylist()
            ]
    order = random.permutation(len(drawn))
    return LabelSample(tuple(strata), tuple(replace(drawn[i], number=n) for n, i in enumerate(order)))


_COLUMNS = ["key_a", "key_b", "section_a", "section_b", "jaccard", "edit_similarity"]


def _band_names(word: str, borders: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(f"{word} {low:g} to {high:g}" for low, high in pairwise(borders))


def _band(jaccard: NDArray[np.float64], borders: tuple[float, ...]) -> NDArray[np.int64]:
    inner = np.array(borders[1:-1])
    return np.searchsorted(inner, jaccard, side="right").astype(np.int64)


def _published_frame(pairs: pa.Table, stratify: Stratify) -> _Frame:
    edition = pc.equal(pairs.column("relation"), "variant").to_numpy(zero_copy_only=False)
    names = _band_names("copy", COPY_BANDS) if stratify == "similarity" else ("copy",)
    band = _band(pairs.column("jaccard").to_numpy(), COPY_BANDS) if stratify == "similarity" else 0
    stratum = np.where(edition, len(names), band)
    return _Frame(pairs, stratum, (*names, "edition"), (*(["copy"] * len(names)), "edition"))


def _missed_frame(
    release: SampledRelease, published: pa.Table, stratify: Stratify, most: int, random: np.random.Generator
) -> _Frame:
    """Return pairs of texts that are alike and not published, around a sample of texts."""
    texts = release.sql(_TEXTS)
    n = texts.num_rows
    size = min(most, n)
    sample = np.sort(random.choice(n, size=size, replace=False)) if n else np.zeros(0, dtype=np.int64)
    pairs = _alike(release, texts, sample)
    pairs = pairs[_unclaimed(release, pairs, texts, published)]
    # Without replacement, a pair is seen unless both of its texts stay out.
    out = n - size
    seen = 1 - out * (out - 1) / (n * (n - 1)) if n > 1 else 1.0
    if len(pairs) > MOST_COMPARED:
        seen *= MOST_COMPARED / len(pairs)
        pairs = pairs[np.sort(random.choice(len(pairs), size=MOST_COMPARED, replace=False))]
    table = _compared(release, pairs, texts)
    jaccard = table.column("jaccard").to_numpy()
    kept = np.flatnonzero(jaccard >= MISSED_BANDS[0])
    table, pairs = table.take(pa.array(kept)), pairs[kept]
    names = _band_names("missed", MISSED_BANDS) if stratify == "similarity" else ("missed",)
    stratum = _band(jaccard[kept], MISSED_BANDS) if stratify == "similarity" else np.zeros(kept.size, dtype=np.int64)
    degrees = np.zeros((size, len(names)), dtype=np.int64)
    for side in (0, 1) if size else ():
        at = np.minimum(np.searchsorted(sample, pairs[:, side]), size - 1)
        hit = np.flatnonzero(sample[at] == pairs[:, side])
        np.add.at(degrees, (at[hit], stratum[hit]), 1)
    return _Frame(table, stratum, names, ("missed",) * len(names), seen, degrees, n)


def _alike(release: SampledRelease, texts: pa.Table, sample: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pairs, (p, 2) and smaller first, of a sampled text and any other whose signatures agree enough."""
    sections = texts.column("section_id").combine_chunks()
    wanted = sections.take(pa.array(sample))
    columns = ["section_id", "n_shingles", "normalised_hash", "signature"]
    found = release.sql(
        f"SELECT {', '.join(columns)} FROM fingerprints WHERE section_id IN (SELECT unnest(?))", [wanted.to_pylist()]
    )
    found = found.take(pc.index_in(wanted, found.column("section_id").combine_chunks()))
    mine = load_fingerprints(found).signatures
    least = int(np.ceil(ESTIMATE_FLOOR * mine.shape[1]))
    parts = [np.zeros((0, 2), dtype=np.int64)]
    for batch in release.dataset("fingerprints").to_batches(columns=columns, batch_size=_BATCH_ROWS):
        numbers = pc.index_in(batch.column("section_id"), sections)
        rows = np.flatnonzero(pc.is_valid(numbers).to_numpy(zero_copy_only=False))
        number = numbers.take(pa.array(rows)).to_numpy().astype(np.int64)
        theirs = load_fingerprints(pa.Table.from_batches([batch]).take(pa.array(rows))).signatures
        hits = _agreeing(np.ascontiguousarray(theirs), np.ascontiguousarray(mine), least)
        found_texts = np.sort(np.stack([number[hits[:, 0]], sample[hits[:, 1]]], axis=1), axis=1)
        parts.append(found_texts[found_texts[:, 0] != found_texts[:, 1]])
    return np.unique(np.concatenate(parts), axis=0)


@njit(nogil=True, cache=True)
def _agreeing(theirs: NDArray[np.uint32], mine: NDArray[np.uint32], least: int) -> NDArray[np.int64]:
    """Return the (row of `theirs`, row of `mine`) that agree in `least` values or more, shape (p, 2)."""
    out = np.empty((1024, 2), dtype=np.int64)
    n = 0
    for i in range(theirs.shape[0]):
        for j in range(mine.shape[0]):
            equal = 0
            for k in range(mine.shape[1]):
                equal += theirs[i, k] == mine[j, k]
            if equal >= least:
                if n == out.shape[0]:
                    more = np.empty((2 * n, 2), dtype=np.int64)
                    more[:n] = out
                    out = more
                out[n, 0], out[n, 1] = i, j
                n += 1
    return out[:n]


def _unclaimed(
    release: SampledRelease, pairs: NDArray[np.int64], texts: pa.Table, published: pa.Table
) -> NDArray[np.bool_]:
    """Return which pairs the release does not publish, joins in no cluster, and nobody told apart."""
    clusters = texts.column("cluster_id").combine_chunks().dictionary_encode().indices.to_numpy()
    keys = texts.column("key").combine_chunks()
    told = release.sql(
        "SELECT key_a, key_b FROM decisions WHERE outcome = 'applied' AND key_b IS NOT NULL"
    ) if has_dataset(release, "decisions") else None  # fmt: skip
    known = [published.select(["key_a", "key_b"]), *([] if told is None else [told])]
    a, b = (
        np.concatenate([pc.fill_null(pc.index_in(t.column(name), keys), -1).to_numpy() for t in known]).astype(np.int64)
        for name in ("key_a", "key_b")
    )
    claimed = (np.minimum(a, b) << 32) | np.maximum(a, b)
    claimed = claimed[(a >= 0) & (b >= 0)]
    packed = (pairs[:, 0] << 32) | pairs[:, 1]
    unclaimed: NDArray[np.bool_] = ~np.isin(packed, claimed) & (clusters[pairs[:, 0]] != clusters[pairs[:, 1]])
    return unclaimed


def _compared(release: SampledRelease, pairs: NDArray[np.int64], texts: pa.Table) -> pa.Table:
    """Return the pairs with their exact similarities."""
    rows, where = np.unique(pairs, return_inverse=True)
    where = where.reshape(pairs.shape)
    chosen = texts.take(pa.array(rows))
    found = release.sql(
        "SELECT section_id, clean_text FROM sections WHERE section_id IN (SELECT unnest(?))",
        [chosen.column("section_id").to_pylist()],
    )
    at = pc.index_in(chosen.column("section_id").combine_chunks(), found.column("section_id").combine_chunks())
    array = string_array(found.column("clean_text").take(at).to_pylist())
    stored = (release.manifest.get("settings") or {}).get("fingerprint") or {}
    fingerprint = FingerprintSettings(**{k: v for k, v in stored.items() if k in FingerprintSettings.model_fields})
    jaccard, edit = np.zeros(len(pairs)), np.zeros(len(pairs))
    if len(pairs):
        shared, size_a, size_b = shared_shingles(array, where[:, 0], where[:, 1], fingerprint)
        jaccard = shared / (size_a + size_b - shared)
        edit = edit_similarities(array, where[:, 0], where[:, 1])
    left, right = (texts.take(pa.array(pairs[:, side])) for side in (0, 1))
    return pa.table(
        {
            "key_a": left.column("key"),
            "key_b": right.column("key"),
            "section_a": left.column("section_id"),
            "section_b": right.column("section_id"),
            "jaccard": jaccard,
            "edit_similarity": edit,
        }
    )


def _population(frame: _Frame, stratum: int, size: int) -> tuple[float, float]:
    """Return the number of pairs of a stratum in the whole release, and its standard error."""
    if frame.degrees is None or frame.probability == 1.0:
        return float(size), 0.0
    degrees, n = frame.degrees[:, stratum], frame.texts
    # Each pair has two ends: the total is half the sum of all degrees, which a simple random sample estimates.
    spread = degrees.var(ddof=1) / degrees.size * (1 - degrees.size / n) if degrees.size > 1 else 0.0
    return size / frame.probability, float(n / 2 * np.sqrt(spread))


def _allocate(sizes: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Divide n among strata as evenly as their sizes allow."""
    taken = np.zeros_like(sizes)
    while n > 0 and (taken < sizes).any():
        open_ = np.flatnonzero(taken < sizes)
        share = max(1, n // open_.size)
        for k in open_.tolist():
            more = min(share, int(sizes[k] - taken[k]), n)
            taken[k] += more
            n -= more
    return taken
