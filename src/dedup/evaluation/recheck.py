"""Checks published pairs against the definition once more, with slow and independent code."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dedup.evaluation.draws import mix, raw_draws
from dedup.evaluation.judging import sections_by_id
from dedup.evaluation.placing import Readable
from dedup.evaluation.reference import Definition, similarities

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Recheck:
    """What came of it.

    Attributes
    ----------
    published, checked : pairs there are, and those compared again (a sample when `checked` is smaller)
    problems : sentences, one for each pair that does not hold what the release says of it
    """

    published: int
    checked: int
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every pair that was checked holds."""
        return not self.problems


def recheck_pairs(release: Readable, definition: Definition, limit: int) -> Recheck:
    """Compute the similarities of published pairs again, all of them or a sample of `limit`.

    The sample is drawn by position with a fixed key, so that a second look sees the same pairs.
    """
    pairs = release.arrow("pairs", ["section_a", "section_b", "jaccard", "edit_similarity", "relation", "rule"])
    n = pairs.num_rows
    if n > limit:
        order = np.argsort(raw_draws(mix(n, limit), n), kind="stable")[:limit]
        pairs = pairs.take(np.sort(order))
    rows = pairs.to_pylist()
    texts = _texts(release, rows)
    problems = []
    for row, (jaccard, edit) in zip(rows, _measured(rows, texts, definition), strict=True):
        problem = _problem(row, jaccard, edit, texts, definition)
        if problem:
            problems.append(f"{row['section_a']} ~ {row['section_b']} ({row['relation']}): {problem}")
    return Recheck(n, len(rows), tuple(problems))


def _texts(release: Readable, rows: Iterable[dict[str, Any]]) -> dict[str, str]:
    ids = [row[side] for row in rows for side in ("section_a", "section_b")]
    return {key: row["clean_text"] for key, row in sections_by_id(release, ids).items()}


def _measured(rows: list[dict[str, Any]], texts: dict[str, str], definition: Definition) -> list[tuple[float, float]]:
    """Return both similarities of each row; rows are taken by their first section, whose shingles are kept."""
    by_first: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        by_first[row["section_a"]].append(i)
    found: list[tuple[float, float]] = [(0.0, 0.0)] * len(rows)
    for numbers in by_first.values():
        pairs = ((texts[rows[i]["section_a"]], texts[rows[i]["section_b"]]) for i in numbers)
        for i, both in zip(numbers, similarities(pairs, definition), strict=True):
            found[i] = both
    return found


def _problem(
    row: dict[str, Any], jaccard: float, edit: float, texts: dict[str, str], definition: Definition
) -> str | None:
    if abs(row["jaccard"] - jaccard) > _TOLERANCE:
        return f"published with Jaccard {row['jaccard']:.6f}, it is {jaccard:.6f}"
    if row["edit_similarity"] is not None and abs(row["edit_similarity"] - edit) > _TOLERANCE:
        return f"published with edit similarity {row['edit_similarity']:.6f}, it is {edit:.6f}"
    # What people joined need not meet the definition; its similarities are published as they are.
    if row["relation"] == "contains" or row["rule"].startswith("decided"):
        return None
    if row["relation"] == "exact" and _bare(texts[row["section_a"]]) != _bare(texts[row["section_b"]]):
        return "called exact, but the texts differ after NFKC without white space"
    if not definition.holds(jaccard, edit):
        return f"Jaccard {jaccard:.4f} and edit similarity {edit:.4f} do not make a near-duplicate"
    return None


def _bare(text: str) -> str:
    # NFKC of each character by itself, as the design defines it.
    return "".join("".join(unicodedata.normalize("NFKC", c) for c in text).split())
