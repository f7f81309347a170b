"""Finding the duplicates of texts that are not in a release, among those that are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from dedup.clusters.comparison import compare
from dedup.clusters.finding import ReadableRelease
from dedup.fingerprinting.minhash import fingerprint_metadata, load_fingerprints, signature_matrix
from dedup.settings import FingerprintSettings, MatchSettings
from dedup.text.normalise import string_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Candidates verified exactly per text, those with the best estimates first.
MOST_CANDIDATES = 64
#: Texts with fewer shingles have signatures too coarse to judge by; whatever agrees at all is verified.
FEW_SHINGLES = 60


class ScannableRelease(ReadableRelease, Protocol):
    """A release whose fingerprints can be read in batches."""

    manifest: dict[str, Any]

    def dataset(self, name: str) -> Any:
        """Return a lazy Arrow dataset."""


class Incompatible(ValueError):
    """The fingerprints of a release were made in another way and cannot be compared."""


@dataclass(frozen=True)
class Hit:
    """A section of the release that resembles a text.

    Attributes
    ----------
    relation : `exact`, `near_duplicate`, `variant` or `none` (the nearest, and yet no duplicate)
    reason : why, in words, with the thresholds
    jaccard, edit_similarity : exact
    """

    section_id: str
    cluster_id: str | None
    title: str
    uri: str
    is_canonical: bool
    relation: str
    reason: str
    jaccard: float
    edit_similarity: float


_ORDER = ("exact", "near_duplicate", "variant", "none")


def look_up(
    release: ScannableRelease, texts: list[str], *, match: MatchSettings, fingerprint: FingerprintSettings
) -> list[list[Hit]]:
    """Return for each text the sections of the release it duplicates, best first; else the nearest one, if any.

    Parameters
    ----------
    texts : clean texts of sections
    match, fingerprint : settings the release was made with

    Notes
    -----
    Every fingerprint of the release is compared (some 0.1 s per million and text); candidates, whose estimate is at
    least `match.estimate_floor`, are verified exactly by the same rules as in a run.

    Raises
    ------
    Incompatible
        The release was fingerprinted with another scheme or normaliser.
    """
    made = release.manifest.get("fingerprints") or {}
    differs = [k for k, v in fingerprint_metadata(fingerprint).items() if made and str(made.get(k)) != v]
    if differs:
        raise Incompatible(
            f"release {release.id} has fingerprints with another {', '.join(differs)} than this version makes; "
            "run again to make new ones"
        )
    prints = signature_matrix(string_array(texts), ngram=fingerprint.ngram, unit=fingerprint.unit)
    best: list[list[tuple[float, str]]] = [[] for _ in texts]
    for batch in release.dataset("fingerprints").to_batches(columns=["section_id", "n_shingles", "signature"]):
        signatures = _signatures(batch)
        for i, signature in enumerate(prints.signatures):
            if not prints.n_shingles[i]:
                continue
            agreement = (signatures == signature).mean(axis=1)
            floor = match.estimate_floor if prints.n_shingles[i] >= FEW_SHINGLES else 1e-9
            kept = np.flatnonzero(agreement >= min(floor, agreement.max(initial=0.0) or 1.0))
            ids = batch.column("section_id").take(pa.array(kept)).to_pylist()
            found = best[i] + list(zip((-agreement[kept]).tolist(), ids, strict=True))
            best[i] = sorted(found)[:MOST_CANDIDATES]
    return [
        _verify(release, text, [section for _, section in found], match, fingerprint)
        for text, found in zip(texts, best, strict=True)
    ]


def _signatures(batch: pa.RecordBatch) -> NDArray[np.uint32]:
    table = pa.Table.from_batches([batch])
    hashes = pa.nulls(table.num_rows, pa.uint64()).fill_null(0)
    return load_fingerprints(table.append_column("normalised_hash", hashes)).signatures


_SECTIONS = """
SELECT s.section_id, m.cluster_id, s.title, d.uri, coalesce(m.is_canonical, false) AS is_canonical, s.clean_text
FROM sections s JOIN documents d USING (doc_id) LEFT JOIN membership m USING (section_id)
WHERE s.section_id IN (SELECT unnest($ids))
"""


def _verify(
    release: ReadableRelease, text: str, sections: list[str], match: MatchSettings, fingerprint: FingerprintSettings
) -> list[Hit]:
    if not sections:
        return []
    rows = release.sql(_SECTIONS, {"ids": sections}).to_pylist()
    hits = []
    for row in rows:
        judged = compare(text, row.pop("clean_text"), match=match, fingerprint=fingerprint)
        hits.append(
            Hit(
                **row,
                relation=judged.relation,
                reason=judged.reason,
                jaccard=judged.jaccard,
                edit_similarity=judged.edit_similarity,
            )
        )
    hits.sort(key=lambda h: (_ORDER.index(h.relation), -h.jaccard, -h.edit_similarity, h.section_id))
    duplicates = [h for h in hits if h.relation != "none"]
    return duplicates or hits[:1]
