"""The decisions of people in a run: which of them are about its texts, and what they change in its tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.clusters.assignment import Assignment
from dedup.clusters.canonical import Ranking
from dedup.clusters.constraints import Wish
from dedup.clusters.decided import DecidedMatches, Measured, apply_decisions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.clusters.variants import VariantMarks
    from dedup.decisions import Decision
    from dedup.engines.local import LocalRun
    from dedup.engines.observing import Meter
    from dedup.matching.match import Matches

#: What is said of sections with a text that a decision is about, before who decided it.
_SAID = {
    "same": "said to be the same as another text",
    "not_same": "said to differ from another text",
    "edition": "said to be another edition",
    "split": "said to stand alone",
    "boilerplate": "said to be boilerplate",
}
#: Decisions that keep a cluster apart from others.
_SPLITS = ("not_same", "edition", "split")


@dataclass
class Decided:
    """The decisions in force and what they make of a run.

    Attributes
    ----------
    decisions : all that are in force, oldest first
    version : of the store
    outcomes : decision number -> (outcome, reason), in words of `schemas.DECISION_OUTCOMES`
    rows : decision number -> rows of matched sections that have one of its texts
    best : key of a text -> row of its best section
    matches : pairs and clusters with the decisions applied; None when none of them is about clusters
    """

    decisions: Sequence[Decision]
    version: str
    outcomes: dict[int, tuple[str, str]] = field(default_factory=dict)
    rows: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    best: dict[str, int] = field(default_factory=dict)
    matches: DecidedMatches | None = None

    @property
    def passages(self) -> dict[str, int]:
        """Ids of passages that are said to be boilerplate -> number of the decision."""
        return {
            d.key_a: n for n, d in enumerate(self.decisions) if d.kind == "boilerplate" and d.key_a.startswith("x_")
        }

    def applied(self, *kinds: str) -> Iterable[tuple[int, Decision]]:
        """Yield the numbers and decisions of some kinds that are applied, oldest first."""
        for number, decision in enumerate(self.decisions):
            if decision.kind in kinds and self.outcomes.get(number, ("",))[0] == "applied":
                yield number, decision

    def over(self, matches: Matches, marks: VariantMarks, ranking: Ranking) -> tuple[Matches, VariantMarks, Ranking]:
        """Return matches, marks and ranking as decided; what is given where nothing was."""
        if self.matches is None:
            return matches, marks, ranking
        return self.matches.matches, self.matches.marks, Ranking(ranking.criteria, self.matches.position)

    def pairs(self) -> tuple[NDArray[np.bool_] | None, pa.Array | None]:
        """Return which pairs are copies by decision, and who says of which that they are editions."""
        if self.matches is None:
            return None, None
        numbers = self.matches.pairs.edition
        said = pa.array([d.by for d in self.decisions], pa.string())
        return self.matches.pairs.joined, said.take(pa.array(numbers, mask=numbers < 0))

    def counts(self) -> dict[str, int]:
        """Return how many decisions had each outcome."""
        found = [outcome for outcome, _ in self.outcomes.values()]
        return {outcome: found.count(outcome) for outcome in schemas.DECISION_OUTCOMES}

    def note(self, meter: Meter) -> None:
        """Write the counts into the metrics of the run, where anything was decided."""
        if self.decisions:
            meter.note("decisions", **self.counts())

    def describe(self) -> dict[str, Any]:
        """Return what the manifest says: which decisions were in force, and what became of them."""
        return {"version": self.version, "in_force": len(self.decisions), **self.counts()}


def decide(run: LocalRun, sections: pa.Table, is_reference: NDArray[np.bool_]) -> Decided:
    """Read the decisions in force and lay them over the matches of a run.

    Parameters
    ----------
    sections : content_hash of the matched sections, in the order of the rows of `run.matches`
    is_reference : (n,) rows of reference sources
    """
    found = _read(run)
    if not found.decisions:
        return found
    keys = pa.array(sorted({k for d in found.decisions for k in (d.key_a, d.key_b) if k}), pa.string())
    codes = pc.fill_null(pc.index_in(sections.column("content_hash").combine_chunks(), keys), -1)
    text_of_row = codes.to_numpy(zero_copy_only=False).astype(np.int64)
    names = keys.to_pylist()
    rows_of = _rows_by_text(text_of_row)
    usable = ~is_reference & (run.matches.nodes.node_of_row >= 0)
    able = set(np.unique(text_of_row[usable]).tolist())
    numbers = {name: code for code, name in enumerate(names)}
    position = run.ranking.position
    wishes = []
    for number, decision in enumerate(found.decisions):
        texts = [numbers[k] for k in (decision.key_a, decision.key_b) if k]
        found.rows[number] = np.concatenate([rows_of.get(t, _NO_ROWS) for t in texts])
        missing = [names[t] for t in texts if t not in rows_of]
        unable = [names[t] for t in texts if t in rows_of and t not in able]
        for t in texts:
            if t in rows_of:
                rows = rows_of[t][~is_reference[rows_of[t]]] if t in able else rows_of[t]
                found.best[names[t]] = int(rows[np.argmin(position[rows])])
        if decision.kind == "unsure":
            found.outcomes[number] = "noted", "nothing follows from it; the pair is left to the machine"
        elif decision.key_a.startswith("x_"):
            found.outcomes[number] = "not_found", "shared text was not looked for (reuse.enabled)"
        elif missing:
            found.outcomes[number] = "not_found", f"text not found: no section reads {' or '.join(missing)} any more"
        elif unable:
            found.outcomes[number] = (
                "not_possible",
                "the text is too short to be compared, or only in reference sources",
            )
        else:
            found.outcomes[number] = "applied", decision.by
            if decision.kind != "boilerplate":
                wishes.append(Wish(number, decision.kind, *texts))
    if wishes:
        wished = {t for w in wishes for t in (w.a, w.b)}
        found.matches = apply_decisions(
            run.matches,
            run.marks,
            position,
            is_reference,
            np.where(np.isin(text_of_row, sorted(wished)), text_of_row, -1),
            wishes,
            lambda a, b: _measure(run, a, b),
        )
        for number, by in found.matches.constraints.overruled.items():
            newer = found.decisions[by]
            found.outcomes[number] = (
                "overruled", f"a newer decision says otherwise: {newer.kind} {newer.decision_id}, {newer.by}",
            )  # fmt: skip
    return found


_NO_ROWS = np.zeros(0, dtype=np.int64)


def _read(run: LocalRun) -> Decided:
    settings = run.settings
    if not settings.has_decisions:
        # Without decisions the library that reads them is not even imported.
        return Decided((), "")
    from dedup.decisions import open_store
    from dedup.decisions.rows import version_of

    with open_store(settings) as store:
        decisions = store.in_force()
    return Decided(decisions, version_of(decisions))


def _rows_by_text(text_of_row: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    rows = np.flatnonzero(text_of_row >= 0)
    rows = rows[np.argsort(text_of_row[rows], kind="stable")]
    texts, starts = np.unique(text_of_row[rows], return_index=True)
    return dict(zip(texts.tolist(), np.split(rows, starts[1:]), strict=True)) if texts.size else {}


def _measure(run: LocalRun, a: NDArray[np.int64], b: NDArray[np.int64]) -> Measured:
    """Compare the texts of pairs of rows exactly."""
    from dedup.matching.verify import edit_similarities, shared_shingles

    if not a.size:
        return Measured(*(np.zeros(0) for _ in Measured._fields))
    texts, threads = run.corpus.texts, run.settings.threads
    shared, size_a, size_b = shared_shingles(texts, a, b, run.settings.fingerprint, threads=threads)
    edit = edit_similarities(texts, a, b, threads=threads)
    return Measured(shared / (size_a + size_b - shared), shared / size_a, shared / size_b, edit)


def mark_membership(decided: Decided, membership: pa.Table, rows: NDArray[np.int64], found: Assignment) -> pa.Table:
    """Say in `membership.reason` what was decided about sections, by whom and when.

    Parameters
    ----------
    rows : (k,) row of the matched section of each row of `membership`
    """
    if not decided.decisions:
        return membership
    n = found.canonical.size
    said: dict[int, str] = {}
    chosen: dict[int, str] = {}
    for _, decision in decided.applied("canonical"):
        chosen[int(found.canonical[decided.best[decision.key_a]])] = decision.by
    for number, decision in decided.applied(*_SAID):
        for row in decided.rows[number].tolist():
            said[row] = f"{said[row]}; {_SAID[decision.kind]}, {decision.by}" if row in said else (
                f"{_SAID[decision.kind]}, {decision.by}"
            )  # fmt: skip
    concerned = np.zeros(n, dtype=bool)
    concerned[list(said)] = True
    concerned |= np.isin(found.canonical, list(chosen)) | found.decided
    at = np.flatnonzero(concerned[rows])
    if not at.size:
        return membership
    place = membership.schema.get_field_index("reason")
    column = membership.column(place).combine_chunks()
    reasons = []
    for k, reason in zip(at.tolist(), column.take(pa.array(at)).to_pylist(), strict=True):
        row = int(rows[k])
        home = int(found.canonical[row])
        words = [reason]
        if home in chosen:
            words = [f"{'chosen' if row == home else 'another copy was chosen'}, {chosen[home]}"]
        if row in said:
            words.append(said[row])
        elif found.decided[row] and home not in chosen:
            words.append("tied to it by decisions about other copies")
        reasons.append("; ".join(words))
    mask = np.zeros(len(column), dtype=bool)
    mask[at] = True
    marked = pc.replace_with_mask(column, pa.array(mask), pa.array(reasons, pa.string()))
    return membership.set_column(place, membership.schema.field(place), marked)


def mark_clusters(decided: Decided, clusters: pa.Table, found: Assignment, ids: pa.Array) -> pa.Table:
    """Fill in `clusters.status`, and the kind of those that are said to be boilerplate.

    Parameters
    ----------
    ids : section_id of the matched sections
    """
    if not decided.decisions:
        return clusters
    statuses: dict[int, str] = {}
    boilerplate: set[int] = set()
    for number, decision in decided.applied(*_SAID, "canonical"):
        homes = found.canonical[decided.rows[number]]
        for home in homes[homes >= 0].tolist():
            if decision.kind in _SPLITS:
                statuses[home] = "split"
            else:
                statuses.setdefault(home, "confirmed")
            if decision.kind == "boilerplate":
                boilerplate.add(home)
    for column, values in (("status", statuses), ("kind", dict.fromkeys(boilerplate, "boilerplate"))):
        heads = ids.take(pa.array(list(values), pa.int64()))
        at = pc.index_in(clusters.column("canonical_section"), heads).combine_chunks()
        place = clusters.schema.get_field_index(column)
        told = pa.array(list(values.values()), pa.string()).take(at)
        clusters = clusters.set_column(
            place, clusters.schema.field(place), pc.coalesce(told, clusters.column(place).combine_chunks())
        )
    return clusters


def sections_as_decided(run: LocalRun) -> pa.Table:
    """Return the facts of the sections of a run, with the kind boilerplate where their cluster is said to be that."""
    sections, membership, clusters = run.corpus.section_facts, run.tables["membership"], run.tables["clusters"]
    gone = clusters.filter(pc.equal(clusters.column("kind"), "boilerplate")).column("cluster_id").combine_chunks()
    if not len(gone):
        return sections
    mine = membership.filter(pc.is_in(membership.column("cluster_id"), gone)).column("section_id").combine_chunks()
    place = sections.schema.get_field_index("kind")
    kinds = pc.if_else(
        pc.is_in(sections.column("section_id"), mine), pa.scalar("boilerplate", pa.string()), sections.column("kind")
    )
    return sections.set_column(place, sections.schema.field(place), kinds)


def outcomes_table(decided: Decided, section_ids: pa.Array) -> pa.Table:
    """Return what became of every decision (`schemas.DECISIONS`)."""
    rows = []
    for number, d in enumerate(decided.decisions):
        outcome, reason = decided.outcomes[number]
        best = [decided.best.get(key) for key in (d.key_a, d.key_b)]
        rows.append(
            {
                "decision_id": d.decision_id, "kind": d.kind, "key_a": d.key_a, "key_b": d.key_b or None, "who": d.who,
                "decided_at": d.decided_at, "outcome": outcome, "reason": reason,
                "section_a": None if best[0] is None else section_ids[best[0]].as_py(),
                "section_b": None if best[1] is None else section_ids[best[1]].as_py(),
                "n_sections": int(decided.rows[number].size),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=schemas.DECISIONS)
