"""Why a true pair is not in a release, and why a published one should not be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.evaluation.judging import Judged, sections_by_id
from dedup.evaluation.placing import Placement, Readable
from dedup.evaluation.reference import Definition, similarities
from dedup.evaluation.truth import Truth


@dataclass(frozen=True)
class Finding:
    """A pair that was missed, or published in error, with the best explanation there is."""

    a: str
    b: str
    relation: str | None
    jaccard: float | None
    edit_similarity: float | None
    reason: str


class Reasoner:
    """Explains single pairs by looking at them again: slow, for examples only."""

    def __init__(self, truth: Truth, placement: Placement, release: Readable, definition: Definition) -> None:
        self._truth = truth
        self._release = release
        self._definition = definition
        documents = placement.documents
        self._docs = dict(
            zip(documents.column("unit").to_pylist(), documents.column("doc_id").to_pylist(), strict=True)
        )

    def refute(self, judged: Judged, limit: int) -> tuple[Judged, int]:
        """Look again at published pairs the truth says nothing of, at most `limit`; return how many there are.

        Those that do not meet the definition are wrong; the others stay unlisted.
        """
        verdicts = judged.published.column("verdict").to_pylist()
        unlisted = [i for i, verdict in enumerate(verdicts) if verdict == "unlisted"]
        checked = unlisted[:: max(1, -(-len(unlisted) // limit))] if limit else []
        rows = judged.published.take(pa.array(checked, pa.int64())).to_pylist()
        for i, measured in zip(checked, self._measure(rows, self._sections(rows)), strict=True):
            if not self._definition.holds(*measured):
                verdicts[i] = "wrong"
        at = judged.published.column_names.index("verdict")
        published = judged.published.set_column(at, "verdict", pa.array(verdicts, pa.string()))
        return Judged(judged.expected, published), verdicts.count("unlisted")

    def explain_missed(self, missed: pa.Table, limit: int) -> list[Finding]:
        """Explain the most similar of the true pairs that were not published."""
        known = pc.fill_null(missed.column("jaccard"), -1.0)
        keys = missed.select(["unit_a", "unit_b"]).append_column("known", known)
        order = pc.sort_indices(keys, [("known", "descending"), ("unit_a", "ascending"), ("unit_b", "ascending")])
        rows = missed.take(order[:limit]).to_pylist()
        sections = self._sections(rows)
        contained = self._contained(rows)
        return [
            Finding(
                self._unit_name(row["unit_a"]),
                self._unit_name(row["unit_b"]),
                row["relation"],
                row["jaccard"],
                row["edit_similarity"],
                self._why_missed(row, sections, contained),
            )
            for row in rows
        ]

    def explain_false(self, published: pa.Table, limit: int) -> list[Finding]:
        """Explain the most similar of the published pairs that the truth refutes."""
        wrong = published.filter(pc.equal(published.column("verdict"), "wrong"))
        order = pc.sort_indices(
            wrong, [("jaccard", "descending"), ("section_a", "ascending"), ("section_b", "ascending")]
        )
        rows = wrong.take(order[:limit]).to_pylist()
        sections = self._sections(rows)
        return [
            Finding(
                _section_name(sections[row["section_a"]]),
                _section_name(sections[row["section_b"]]),
                row["relation"],
                row["jaccard"],
                row["edit_similarity"],
                self._why_false(row, sections),
            )
            for row in rows
        ]

    def _measure(self, rows: list[dict[str, Any]], sections: dict[str, dict[str, Any]]) -> list[tuple[float, float]]:
        texts = ((sections[row["section_a"]]["clean_text"], sections[row["section_b"]]["clean_text"]) for row in rows)
        return similarities(texts, self._definition)

    def _sections(self, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        ids = [row[side] for row in rows for side in ("section_a", "section_b") if row[side]]
        return sections_by_id(self._release, ids)

    def _contained(self, rows: list[dict[str, Any]]) -> set[frozenset[str]]:
        wanted = {
            frozenset((row["section_a"], row["section_b"])) for row in rows if row["section_a"] and row["section_b"]
        }
        if not wanted:
            return set()
        pairs = self._release.arrow("pairs", ["section_a", "section_b", "relation"])
        pairs = pairs.filter(pc.equal(pairs.column("relation"), "contains"))
        both = zip(pairs.column("section_a").to_pylist(), pairs.column("section_b").to_pylist(), strict=True)
        return {frozenset(pair) for pair in both} & wanted

    def _unit_name(self, unit: int) -> str:
        row = self._truth.units.slice(unit, 1).to_pylist()[0]
        if self._truth.level == "document":
            return str(row["id"])
        return f"{row['uri']} [{row['section']}]" if row["char_start"] is None else f"{row['uri']} @{row['char_start']}"

    def _why_missed(
        self, row: dict[str, Any], sections: dict[str, dict[str, Any]], contained: set[frozenset[str]]
    ) -> str:
        for side in ("a", "b"):
            if row[f"section_{side}"] is None:
                return self._why_absent(row[f"unit_{side}"])
        [(jaccard, edit)] = self._measure([row], sections)
        measured = f"Jaccard {jaccard:.3f}, edit similarity {edit:.3f}"
        if not self._definition.holds(jaccard, edit):
            truly = f" (the truth says {row['jaccard']:.3f})" if row["jaccard"] is not None else ""
            return f"as cut and cleaned the texts do not meet the definition: {measured}{truly}"
        if frozenset((row["section_a"], row["section_b"])) in contained:
            return f"published as `contains` only: {measured}"
        return f"meets the definition and was not found among the candidates: {measured}"

    def _why_absent(self, unit: int) -> str:
        name = self._unit_name(unit)
        doc_id = self._docs.get(unit)
        if doc_id is None:
            uri = self._truth.units.column(0 if self._truth.level == "document" else 1)[unit].as_py()
            quarantine = self._release.arrow("quarantine", ["record_id", "rule", "reason"])
            refused = quarantine.filter(pc.ends_with(quarantine.column("record_id"), uri)).to_pylist()
            if refused:
                return f"{name} is in quarantine: {refused[0]['rule']}, {refused[0]['reason']}"
            return f"{name} is not in the release"
        sections = self._release.arrow("sections", ["doc_id", "kind", "char_start", "char_end"])
        cut = sections.filter(pc.equal(sections.column("doc_id"), doc_id)).sort_by("char_start").to_pylist()
        parts = ", ".join(f"{s['kind']} {s['char_start']}–{s['char_end']}" for s in cut[:12])
        return f"{name}: no section of a matched kind covers it; the page was cut into {parts}"

    def _why_false(self, row: dict[str, Any], sections: dict[str, dict[str, Any]]) -> str:
        [(jaccard, edit)] = self._measure([row], sections)
        measured = f"Jaccard {jaccard:.3f}, edit similarity {edit:.3f}"
        if not self._definition.holds(jaccard, edit):
            return f"does not meet the definition when computed again: {measured}"
        unknown = [side for side in ("a", "b") if row[f"unit_{side}"] is None]
        if unknown:
            names = " and ".join(_section_name(sections[row[f"section_{side}"]]) for side in unknown)
            return f"{names} is no section of the truth, the page was cut elsewhere ({measured})"
        return f"different reports by the truth, yet alike: {measured}"


def _section_name(section: dict[str, Any]) -> str:
    return f"{section['uri']} @{section['char_start']}"
