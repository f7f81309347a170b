"""The pairs that a person should look at first: those that lie nearest to where the rules turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dedup.clusters.finding import ReadableRelease
from dedup.settings import MatchSettings

if TYPE_CHECKING:
    from dedup.decisions.store import DecisionStore

#: Verdicts of the queue, as a person gives them, and the decision that each is.
VERDICTS: Mapping[str, str] = {"yes": "same", "no": "not_same", "edition": "edition", "unsure": "unsure"}

#: What makes a pair doubtful.
STRATA: Mapping[str, str] = {
    "crossing": "copies by the rules, yet in two clusters",
    "jaccard": "joined, little above the Jaccard threshold",
    "edit": "joined, little above the edit threshold",
    "floor": "joined, little above the floor of Jaccard",
    "figures": "called editions, by few more replaced figures than are needed",
    "contained": "one lies in the other, and both are nearly alike enough for copies",
}


@dataclass(frozen=True)
class DoubtfulPair:
    """Two texts that somebody should judge.

    Attributes
    ----------
    section_a, section_b : the best published pair of sections with these texts; key_a, key_b : their content hashes
    jaccard, edit_similarity, relation, rule : as published
    stratum : why it is doubtful, one of `STRATA`
    doubt : 1 at the border of the rule that made it, 0 farthest from it
    """

    section_a: str
    section_b: str
    key_a: str
    key_b: str
    jaccard: float
    edit_similarity: float | None
    relation: str
    rule: str
    stratum: str
    doubt: float


@dataclass(frozen=True)
class Progress:
    """How much of a queue is judged."""

    done: int
    total: int


_PAIRS = r"""
WITH pair AS (
    SELECT p.*, a.content_hash AS ha, b.content_hash AS hb, ma.cluster_id IS DISTINCT FROM mb.cluster_id AS apart,
           TRY_CAST(regexp_extract(p.rule, 'variant: ([0-9]+) of ', 1) AS DOUBLE)
               / nullif(TRY_CAST(regexp_extract(p.rule, ' of ([0-9]+) aligned', 1) AS DOUBLE), 0) AS replaced
    FROM pairs p
    JOIN membership ma ON ma.section_id = p.section_a JOIN membership mb ON mb.section_id = p.section_b
    JOIN sections a ON a.section_id = p.section_a JOIN sections b ON b.section_id = p.section_b
    WHERE (p.relation IN ('near_duplicate', 'variant') OR p.relation = 'contains' AND p.jaccard >= $floor)
      AND NOT starts_with(p.rule, 'decided')
      AND NOT contains(p.rule, 'decided by ')
), margins AS (
    SELECT *, CASE
        WHEN relation = 'variant' THEN 'figures'
        WHEN relation = 'contains' THEN 'contained'
        WHEN apart THEN 'crossing'
        WHEN rule = 'jaccard' THEN 'jaccard'
        WHEN (edit_similarity - $edit) / (1 - $edit + 1e-9) <= (jaccard - $floor) / ($jaccard - $floor + 1e-9)
            THEN 'edit' ELSE 'floor' END AS stratum
    FROM pair WHERE relation <> 'variant' OR replaced IS NOT NULL
), doubts AS (
    SELECT *, 1 - least(1, greatest(0, CASE stratum
        WHEN 'figures' THEN (replaced - $share) / (1 - $share + 1e-9)
        WHEN 'contained' THEN ($jaccard - jaccard) / ($jaccard - $floor + 1e-9)
        WHEN 'jaccard' THEN (jaccard - $jaccard) / (1 - $jaccard + 1e-9)
        WHEN 'edit' THEN (edit_similarity - $edit) / (1 - $edit + 1e-9)
        WHEN 'floor' THEN (jaccard - $floor) / ($jaccard - $floor + 1e-9)
        ELSE (greatest(jaccard, coalesce(edit_similarity, 0)) - $floor) / (1 - $floor + 1e-9) END)) AS doubt
    FROM margins
), texts AS (
    SELECT least(ha, hb) AS key_a, greatest(ha, hb) AS key_b,
           min_by({'a': CASE WHEN ha <= hb THEN section_a ELSE section_b END,
                   'b': CASE WHEN ha <= hb THEN section_b ELSE section_a END, 'jaccard': jaccard,
                   'edit': edit_similarity, 'relation': relation, 'rule': rule, 'stratum': stratum, 'doubt': doubt},
                  {'less': 1 - doubt, 'a': section_a, 'b': section_b}) AS best
    FROM doubts WHERE ha <> hb GROUP BY ALL
)
SELECT best.a AS section_a, best.b AS section_b, key_a, key_b, best.jaccard AS jaccard, best.edit AS edit_similarity,
       best.relation AS relation, best.rule AS rule, best.stratum AS stratum, best.doubt AS doubt
FROM texts
ORDER BY row_number() OVER (PARTITION BY best.stratum ORDER BY best.doubt DESC, key_a, key_b), best.doubt DESC, key_a,
         key_b
LIMIT $size
"""


def doubtful_pairs(release: ReadableRelease, size: int = 200) -> list[DoubtfulPair]:
    """Return the pairs of different texts that lie nearest to where the rules turn, each pair of texts once.

    The strata take turns, so that no kind of doubt waits for another to be exhausted. Pairs that somebody decided
    are left out; so are exact copies, and editions by their date, of which there is no more or less.
    """
    match = release_match(release)
    values = {
        "jaccard": match.jaccard, "floor": match.floor, "edit": match.edit, "share": match.variant_share, "size": size
    }  # fmt: skip
    return [DoubtfulPair(**row) for row in release.sql(_PAIRS, values).to_pylist()]


def release_match(release: ReadableRelease) -> MatchSettings:
    """Return what a near-duplicate was when a release was made."""
    stored: dict[str, Any] = (getattr(release, "manifest", {}).get("settings") or {}).get("match") or {}
    return MatchSettings(**{k: v for k, v in stored.items() if k in MatchSettings.model_fields})


class DoubtQueue:
    """The doubtful pairs of one release, judged one after another; verdicts are decisions.

    Parameters
    ----------
    release : its pairs are read once
    store : what is judged already, also by others, is asked of it each time
    size : pairs in the queue at most
    """

    def __init__(self, release: ReadableRelease, store: DecisionStore, size: int = 200) -> None:
        self._release = release
        self._store = store
        self.pairs = doubtful_pairs(release, size)

    def _judged(self) -> set[tuple[str, str]]:
        return {(d.key_a, d.key_b) for d in self._store.in_force() if d.key_b}

    def progress(self) -> Progress:
        """Return how many pairs of the queue are judged."""
        judged = self._judged()
        return Progress(sum((p.key_a, p.key_b) in judged for p in self.pairs), len(self.pairs))

    def next_pair(self, skip: int = 0) -> DoubtfulPair | None:
        """Return the first pair that nobody judged yet, or a later one; None at the end."""
        judged = self._judged()
        waiting = [p for p in self.pairs if (p.key_a, p.key_b) not in judged]
        return waiting[skip] if skip < len(waiting) else None

    def judge(self, pair: DoubtfulPair, verdict: str, *, who: str, note: str = "") -> str:
        """Record a verdict (`VERDICTS`) as a decision; return its id, by which it can be undone.

        Raises
        ------
        DecisionError
            The verdict is none, or nobody is named.
        """
        from dedup.decisions.kinds import DecisionError

        if verdict not in VERDICTS:
            raise DecisionError(f"{verdict!r} is no verdict; there are {', '.join(VERDICTS)}")
        made = self._store.record(
            VERDICTS[verdict], pair.key_a, pair.key_b, note=note, who=who,
            sections=(pair.section_a, pair.section_b), release_id=self._release.id,
        )  # fmt: skip
        return made.decision_id
