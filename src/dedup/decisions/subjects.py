"""From what a person calls a text to the key that a decision about it has."""

from __future__ import annotations

from dataclasses import dataclass

from dedup.clusters.finding import NotFound, ReadableRelease, find_target
from dedup.decisions.kinds import DecisionError
from dedup.schemas import MATCHED_KINDS


@dataclass(frozen=True)
class Text:
    """A text of a release that can be decided about.

    Attributes
    ----------
    key : content hash of a section, or id of a passage
    section_id : the section meant; of a passage, the one it stands in most fully
    title : of the section, or the beginning of the passage
    uri : of the page
    """

    key: str
    section_id: str
    title: str
    uri: str


_SECTION = """
SELECT s.content_hash AS key, s.section_id, s.title, d.uri, s.kind, d.role
FROM sections s JOIN documents d USING (doc_id)
"""
_MEANT = {
    "section": "WHERE s.section_id = $id",
    "cluster": "WHERE s.section_id = (SELECT canonical_section FROM clusters WHERE cluster_id = $id)",
    "document": "WHERE s.doc_id = $id AND s.section_id IN (SELECT section_id FROM membership) ORDER BY s.ordinal",
}
_PASSAGE = """
SELECT p.passage_id AS key, p.best_section AS section_id, left(p.text, 80) AS title, d.uri
FROM passage_stats p JOIN sections s ON s.section_id = p.best_section JOIN documents d USING (doc_id)
WHERE p.passage_id = $id
"""
_SHOWN = 6


def find_text(release: ReadableRelease, name: str) -> Text:
    """Return the text that a name stands for.

    Parameters
    ----------
    name : anything `find_target` understands that stands for one text: a section, a cluster (its canonical section),
        a page with one report, a passage

    Raises
    ------
    NotFound, Ambiguous
        Nothing, or several things, go by that name.
    DecisionError
        It stands for several texts, or for one that is not matched.
    """
    target = find_target(release, name)
    if target.kind == "passage":
        (row,) = release.sql(_PASSAGE, {"id": target.id}).to_pylist()
        return Text(**row)
    if target.kind not in _MEANT:
        raise DecisionError(f"{name} is a {target.kind}; decisions are about sections, clusters, pages and passages")
    rows = release.sql(_SECTION + _MEANT[target.kind], {"id": target.id}).to_pylist()
    if not rows:
        raise NotFound(f"{name} holds no report, essay or appendix: there is nothing to decide about it")
    if len(rows) > 1:
        parts = ", ".join(f"{r['section_id']} ({r['title'][:20]})" for r in rows[:_SHOWN])
        more = ", …" if len(rows) > _SHOWN else ""
        raise DecisionError(f"{name} holds {len(rows)} parts; name one of them: {parts}{more}")
    row = rows[0]
    kind, role = row.pop("kind"), row.pop("role")
    if kind not in MATCHED_KINDS:
        raise DecisionError(f"{name} is of kind {kind}, which is not matched: there is nothing to decide about it")
    if role == "reference":
        raise DecisionError(f"{name} is from a reference source, which stands in no cluster")
    return Text(**row)
