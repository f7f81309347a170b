"""Similarities computed the slow and obvious way, independent of the kernels they are compared with."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz.distance import Indel

from dedup.text.normalise import normalise


def shingle_set(text: str, n: int = 5) -> frozenset[str]:
    """Return the distinct n-grams of characters of the normalised text; a shorter text is one shingle."""
    flat = normalise(text)
    if not flat:
        return frozenset()
    return frozenset(flat[i : i + n] for i in range(max(1, len(flat) - n + 1)))


def reference_jaccard(a: str, b: str, n: int = 5) -> float:
    """Return |A & B| / |A | B| over distinct n-grams of the normalised texts; 0.0 when both are empty."""
    return _jaccard(shingle_set(a, n), shingle_set(b, n))


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    common = len(a & b)
    union = len(a) + len(b) - common
    return common / union if union else 0.0


def reference_edit(a: str, b: str) -> float:
    """Return 1 - Indel distance / (len(a) + len(b)) of the normalised texts."""
    return float(Indel.normalized_similarity(normalise(a), normalise(b)))


def meets_definition(
    jaccard: float, edit: float | None, *, at: float = 0.7, floor: float = 0.35, at_edit: float = 0.9
) -> bool:
    """Tell whether two similarities make a near-duplicate (defaults: those of `settings.MatchSettings`)."""
    return jaccard >= at or (jaccard >= floor and edit is not None and edit >= at_edit)


def similarities(texts: Iterable[tuple[str, str]]) -> list[tuple[float, float]]:
    """Return (jaccard, edit similarity) of each pair; shingles of a text that recurs are made once."""
    shingles: dict[str, frozenset[str]] = {}
    flats: dict[str, str] = {}
    found: list[tuple[float, float]] = []
    for pair in texts:
        for text in pair:
            if text not in shingles:
                shingles[text] = shingle_set(text)
                flats[text] = normalise(text)
        a, b = pair
        edit = float(Indel.normalized_similarity(flats[a], flats[b]))
        found.append((_jaccard(shingles[a], shingles[b]), edit))
    return found
