"""Similarities computed the slow and obvious way, independent of the kernels they are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import Indel

from dedup.fingerprinting.shingles import shingles
from dedup.text.normalise import normalise


@dataclass(frozen=True)
class Definition:
    """What makes a near-duplicate (defaults: those of `settings.MatchSettings` and `FingerprintSettings`)."""

    jaccard: float = 0.7
    floor: float = 0.35
    edit: float = 0.9
    ngram: int = 5
    unit: str = "char"

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any]) -> Definition:
        """Return the definition a release was made with."""
        settings = manifest.get("settings", {})
        match, fingerprint = settings.get("match", {}), settings.get("fingerprint", {})
        return cls(
            match.get("jaccard", cls.jaccard),
            match.get("floor", cls.floor),
            match.get("edit", cls.edit),
            fingerprint.get("ngram", cls.ngram),
            fingerprint.get("unit", cls.unit),
        )

    def holds(self, jaccard: float, edit: float | None) -> bool:
        """Tell whether two similarities make a near-duplicate."""
        return jaccard >= self.jaccard or (jaccard >= self.floor and edit is not None and edit >= self.edit)


def shingle_set(text: str, n: int = 5, unit: str = "char") -> frozenset[str]:
    """Return the distinct n-grams of characters (or words) of the normalised text; a shorter text is one shingle."""
    if unit == "word":
        return frozenset(shingles(text, n, "word"))
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


def similarities(texts: Iterable[tuple[str, str]], definition: Definition | None = None) -> list[tuple[float, float]]:
    """Return (jaccard, edit similarity) of each pair; shingles of a text that recurs are made once."""
    definition = definition or Definition()
    sets: dict[str, frozenset[str]] = {}
    flats: dict[str, str] = {}
    found: list[tuple[float, float]] = []
    for pair in texts:
        for text in pair:
            if text not in sets:
                sets[text] = shingle_set(text, definition.ngram, definition.unit)
                flats[text] = normalise(text)
        a, b = pair
        edit = float(Indel.normalized_similarity(flats[a], flats[b]))
        found.append((_jaccard(sets[a], sets[b]), edit))
    return found
