"""Why two sections stand in one cluster, or do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from dedup.clusters.comparison import Comparison, compare
from dedup.clusters.finding import NotFound, ReadableRelease, Target, find_target, has_dataset
from dedup.schemas import MATCHED_KINDS
from dedup.settings import FingerprintSettings, MatchSettings


@dataclass(frozen=True)
class Member:
    """A section with its place in the release; the fields of membership are None for kinds that are not matched."""

    section_id: str
    doc_id: str
    uri: str
    source: str
    role: str
    ordinal: int
    title: str
    kind: str
    kind_reason: str
    n_chars: int
    mask_ratio: float
    boilerplate_ratio: float
    completeness: str
    clean_text: str = field(repr=False)
    cluster_id: str | None
    is_canonical: bool | None
    reason: str | None
    stands_for: str | None
    similarity: float | None
    edit_similarity: float | None
    rule: str | None


@dataclass(frozen=True)
class Explanation:
    """Why two sections are joined, or why not.

    Attributes
    ----------
    a, b : the sections
    comparison : exact similarities and aligned differences
    verdict : one sentence: joined, kept apart or not compared, and why
    canonical : one sentence on which section is published and why; '' when they share no cluster
    published_pair : the row of the pairs dataset, if there is one
    """

    a: Member
    b: Member
    comparison: Comparison
    verdict: str
    canonical: str
    published_pair: dict[str, Any] | None

    @property
    def same_cluster(self) -> bool:
        """Whether both stand in one cluster."""
        return self.a.cluster_id is not None and self.a.cluster_id == self.b.cluster_id

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, without the texts."""
        sides = {name: asdict(member) for name, member in (("a", self.a), ("b", self.b))}
        for side in sides.values():
            del side["clean_text"]
        return {
            **sides,
            "same_cluster": self.same_cluster,
            "verdict": self.verdict,
            "canonical": self.canonical,
            **self.comparison.as_dict(),
            "published_pair": self.published_pair,
        }


_MEMBER = """
SELECT s.section_id, s.doc_id, d.uri, s.source, d.role, s.ordinal, s.title, s.kind, s.kind_reason, s.n_chars,
       s.mask_ratio, s.boilerplate_ratio, s.completeness, s.clean_text,
       m.cluster_id, m.is_canonical, m.reason, m.stands_for, m.similarity, m.edit_similarity, m.rule
FROM sections s JOIN documents d USING (doc_id) LEFT JOIN membership m USING (section_id)
"""


def explain(
    release: ReadableRelease,
    a: str,
    b: str | None = None,
    *,
    match: MatchSettings | None = None,
    fingerprint: FingerprintSettings | None = None,
) -> Explanation:
    """Explain what two sections are to each other.

    Parameters
    ----------
    a, b : anything `find_target` understands. A cluster stands for its canonical section, a document for the section
        that is nearest to the other side. Without `b`: a copy is explained against the section that stands for it, a
        canonical section or a cluster against its least similar copy
    match, fingerprint : settings the release was made with; default: the default settings

    Raises
    ------
    NotFound, Ambiguous
        A name stands for nothing, for several things, or there is nothing to compare it with.
    """
    one, two = _find_text(release, a), _find_text(release, b) if b is not None else None
    pair = _partners(release, one, a) if b is None or two is None else _nearest(release, one, two, a, b)
    first, second = (read_member(release, section) for section in pair)
    comparison = compare(first.clean_text, second.clean_text, match=match, fingerprint=fingerprint)
    low, high = sorted(pair)
    rows = release.sql(
        "SELECT * FROM pairs WHERE section_a = $low AND section_b = $high", {"low": low, "high": high}
    ).to_pylist()
    decision = find_decision(release, first, second)
    return explain_members(first, second, comparison, rows[0] if rows else None, decision)


def explain_members(
    a: Member,
    b: Member,
    comparison: Comparison,
    published_pair: dict[str, Any] | None = None,
    decision: str = "",
) -> Explanation:
    """Explain what two sections are to each other, given both and how their texts compare.

    Parameters
    ----------
    published_pair : their row of the pairs dataset, if there is one
    decision : who decided about them, from `find_decision`
    """
    verdict = _decided(a, b, comparison, decision) or _verdict(a, b, comparison)
    return Explanation(a, b, comparison, verdict, _canonical(a, b), published_pair)


def _find_text(release: ReadableRelease, name: str) -> Target:
    target = find_target(release, name)
    if target.kind in ("passage", "template"):
        raise NotFound(f"{name} is a {target.kind}, no text of its own; where it stands: dedup show {name}")
    return target


def read_member(release: ReadableRelease, section_id: str) -> Member:
    """Return a section with its document and its place in a cluster."""
    (row,) = release.sql(_MEMBER + "WHERE s.section_id = $id", {"id": section_id}).to_pylist()
    return Member(**row)


def _partners(release: ReadableRelease, target: Target, name: str) -> tuple[str, str]:
    """Return the pair of sections that explains one thing alone."""
    condition = {
        "section": "m.cluster_id = (SELECT cluster_id FROM membership WHERE section_id = $id)",
        "cluster": "m.cluster_id = $id",
        "family": "m.cluster_id IN (SELECT cluster_id FROM clusters WHERE family_id = $id)",
        "document": "m.cluster_id IN (SELECT x.cluster_id FROM membership x JOIN sections y USING (section_id)"
        " WHERE y.doc_id = $id)",
    }[target.kind]
    members = release.sql(
        "SELECT m.section_id, s.doc_id, m.cluster_id, m.stands_for, m.is_canonical, m.similarity"
        f" FROM membership m JOIN sections s USING (section_id) WHERE {condition}"
        " ORDER BY m.is_canonical, m.similarity, m.section_id",
        {"id": target.id},
    ).to_pylist()
    copies = [m for m in members if not m["is_canonical"]]
    own = {"section": "section_id", "document": "doc_id"}.get(target.kind)
    mine = [m for m in copies if own and m[own] == target.id]
    if mine:
        return mine[0]["stands_for"], mine[0]["section_id"]
    if copies:
        return copies[0]["stands_for"], copies[0]["section_id"]
    if target.kind == "family" and len(members) > 1:
        return members[0]["section_id"], members[1]["section_id"]
    raise NotFound(f"{name} has no copies to be explained with; name a second one: dedup explain {name} OTHER")


def _sections_of(release: ReadableRelease, target: Target) -> list[str]:
    """Return the sections that a name may mean; those that were matched if there are any."""
    if target.kind == "section":
        return [target.id]
    if target.kind in ("cluster", "family"):
        query = f"SELECT canonical_section AS id FROM clusters WHERE {target.kind}_id = $id ORDER BY id"
        return list(release.sql(query, {"id": target.id}).column("id").to_pylist())
    query = (
        "SELECT s.section_id AS id, m.section_id IS NOT NULL AS matched FROM sections s"
        " LEFT JOIN membership m USING (section_id) WHERE s.doc_id = $id ORDER BY s.ordinal"
    )
    rows = release.sql(query, {"id": target.id}).to_pylist()
    return [r["id"] for r in rows if r["matched"]] or [r["id"] for r in rows]


def _nearest(release: ReadableRelease, one: Target, two: Target, a: str, b: str) -> tuple[str, str]:
    """Return the two sections, one of each side, whose signatures agree most."""
    left, right = _sections_of(release, one), _sections_of(release, two)
    pairs = [(x, y) for x in left for y in right if x != y]
    if not pairs:
        raise NotFound(f"{a} and {b} are the same section; `dedup explain {a}` compares it with its copies")
    if len(pairs) == 1:
        return pairs[0]
    signatures = _signatures(release, sorted({*left, *right}))
    nothing = np.zeros(0, dtype=np.uint32)

    def agreement(pair: tuple[str, str]) -> float:
        x, y = (signatures.get(section, nothing) for section in pair)
        return float((x == y).mean()) if x.size and y.size else -1.0

    return max(pairs, key=agreement)


def _signatures(release: ReadableRelease, sections: Sequence[str]) -> dict[str, np.ndarray]:
    rows = release.sql(
        "SELECT section_id, signature FROM fingerprints WHERE section_id IN (SELECT unnest($ids))",
        {"ids": list(sections)},
    ).to_pylist()
    return {row["section_id"]: np.array(row["signature"], dtype=np.uint32) for row in rows}


_TOLD = """
SELECT decision_id, kind, who, decided_at FROM decisions
WHERE outcome = 'applied' AND kind IN ('same', 'not_same', 'edition', 'split')
  AND ((key_a = $a AND key_b = $b) OR (key_a = $b AND key_b = $a) OR (kind = 'split' AND key_a IN ($a, $b)))
ORDER BY decided_at DESC, decision_id LIMIT 1
"""


def find_decision(release: ReadableRelease, a: Member, b: Member) -> str:
    """Return who decided what two sections are to each other, and when; '' where nobody did."""
    if not has_dataset(release, "decisions"):
        return ""
    hashes = release.sql(
        "SELECT section_id, content_hash FROM sections WHERE section_id IN ($a, $b)",
        {"a": a.section_id, "b": b.section_id},
    ).to_pylist()
    keys = {row["section_id"]: row["content_hash"] for row in hashes}
    told = decision_about(release, keys[a.section_id], keys[b.section_id])
    return say_decision(told) if told else ""


def decision_about(release: ReadableRelease, key_a: str, key_b: str) -> dict[str, Any] | None:
    """Return the decision by which two texts are joined or parted in a release that has decisions.

    Parameters
    ----------
    key_a, key_b : content hashes

    Returns
    -------
    `decision_id`, `kind`, `who`, `decided_at` of the newest one that was applied; None where nobody decided
    """
    told: list[dict[str, Any]] = release.sql(_TOLD, {"a": key_a, "b": key_b}).to_pylist()
    return told[0] if told else None


def say_decision(told: Mapping[str, Any], note: str = "") -> str:
    """Return a decision in words, with the note of who decided; releases do not hold notes."""
    day = told["decided_at"].date().isoformat()
    what = told["kind"].replace("_", " ") + (f": “{note}”" if note else "")
    return f"decided by {told['who']} on {day} ({what})"


def _decided(a: Member, b: Member, comparison: Comparison, decision: str) -> str:
    """Say so where not the rules but people joined or parted two sections."""
    joined = a.cluster_id is not None and a.cluster_id == b.cluster_id
    if decision:
        place = f"joined in {a.cluster_id}" if joined else "kept apart"
        return f"{place}, {decision}; by the rules: {comparison.reason}"
    if joined and "decided" in (a.rule, b.rule) and not comparison.is_duplicate:
        return f"joined in {a.cluster_id} by decisions about copies of them; by the rules: {comparison.reason}"
    return ""


def _verdict(a: Member, b: Member, comparison: Comparison) -> str:
    for name, member in (("A", a), ("B", b)):
        if member.kind not in MATCHED_KINDS:
            return f"not matched: {name} is {_article(member.kind)} ({member.kind_reason})"
        if member.cluster_id is None and member.role == "reference":
            return f"kept apart: {name} is from a reference source, which is matched against and never published"
    if a.cluster_id == b.cluster_id:
        if comparison.is_duplicate:
            return f"joined in {a.cluster_id}: {comparison.reason}"
        # Both match the canonical section; that does not make them match each other.
        return f"joined in {a.cluster_id} through its canonical section, not with each other: {comparison.reason}"
    if comparison.relation == "variant":
        return f"kept apart as editions of one text: {comparison.reason}"
    if comparison.is_duplicate:
        return (
            f"near-duplicates ({comparison.reason}), yet in two clusters: a copy goes to the first canonical section "
            "it matches, and never joins a cluster whose canonical section it does not match"
        )
    return f"kept apart: {comparison.reason}"


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _canonical(a: Member, b: Member) -> str:
    if a.cluster_id is None or a.cluster_id != b.cluster_id:
        return ""
    # Why the copy is not published says what sets these two apart; why the canonical one is, compares it with the next
    # best copy.
    for name, member, other, copy in (("A", a, "B", b), ("B", b, "A", a)):
        if member.is_canonical:
            return f"{name} stands for {other} ({copy.reason})"
    return f"neither; {a.stands_for} stands for both"
