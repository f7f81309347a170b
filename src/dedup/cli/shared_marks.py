"""A text with the passages that it shares with others marked in it, and where one of them stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dedup.cli.console import (
    Column,
    harmless,
    is_terminal,
    note,
    out,
    plural,
    print_facts,
    print_json,
    print_table,
    shorten,
)

if TYPE_CHECKING:
    from dedup.releases import Release

#: How the kinds look on a terminal; of overlapping passages the one named first shows.
STYLES = {"template": "cyan", "copied": "yellow", "edition": "green", "boilerplate": "dim"}
_QUOTE_COLUMNS = 60
_PLACES_SHOWN = 20

_PASSAGES = """
SELECT p.passage_id, p.kind, p.clean_start, p.clean_end, p.n_chars, t.df, t.n_sections, t.n_sources, t.in_reference,
       t.best_section, d.uri AS best_uri
FROM passages p JOIN passage_stats t USING (passage_id)
JOIN sections s ON s.section_id = t.best_section JOIN documents d ON d.doc_id = s.doc_id
WHERE p.section_id = $id ORDER BY p.clean_start, p.clean_end DESC
"""
_PLACES = """
SELECT p.section_id, p.char_start, p.char_end, p.n_chars, s.title, s.ordinal, d.uri, m.cluster_id
FROM passages p JOIN sections s USING (section_id) JOIN documents d USING (doc_id)
LEFT JOIN membership m USING (section_id)
WHERE p.passage_id = $id ORDER BY p.n_chars DESC, d.uri, p.char_start
"""


@dataclass(frozen=True)
class Mark:
    """A stretch of a text with the number under which it is listed."""

    start: int
    end: int
    number: int
    kind: str


def read_passages(release: Release, section_id: str) -> list[dict[str, Any]]:
    """Return the passages of a section in order; none where the release did not look for them."""
    if "passages" not in release.datasets:
        return []
    rows: list[dict[str, Any]] = release.sql(_PASSAGES, {"id": section_id}).to_pylist()
    return rows


def print_marked(text: str, passages: list[dict[str, Any]], shown: int) -> None:
    """Print the first `shown` characters with numbered passages: ⟦1 in brackets⟧, and in colours on a terminal."""
    from rich.text import Text

    marks = [Mark(p["clean_start"], min(p["clean_end"], shown), i + 1, p["kind"]) for i, p in enumerate(passages)]
    marks = [m for m in marks if m.start < shown]
    # At one place what ends is closed before what begins is opened, the outer one first.
    borders = sorted(
        [(m.end, 0, -m.start, m) for m in marks] + [(m.start, 1, -m.end, m) for m in marks], key=lambda b: b[:3]
    )
    line = Text()
    at = 0
    open_: list[Mark] = []
    for place, opens, _, mark in borders:
        line.append(harmless(text[at:place]), _style(open_))
        at = place
        if opens:
            open_.append(mark)
            line.append(f"⟦{mark.number} ", "dim")
        else:
            open_.remove(mark)
            line.append("⟧", "dim")
    line.append(harmless(text[at:shown]) + ("…" if shown < len(text) else ""))
    out().print(line, soft_wrap=True)


def _style(marks: list[Mark]) -> str:
    kinds = {m.kind for m in marks}
    return next((style for kind, style in STYLES.items() if kind in kinds), "") if is_terminal() else ""


def print_passages(passages: list[dict[str, Any]], section_id: str, most: int) -> None:
    """List the passages of a section: how far each is spread, and where its fullest copy stands."""
    rows = [
        [
            str(i + 1),
            p["passage_id"],
            p["kind"],
            f"{p['df']:,}",
            f"{p['n_sections']:,}",
            f"{p['n_chars']:,}",
            "here" if p["best_section"] == section_id else p["best_uri"],
        ]
        for i, p in enumerate(passages[:most])
    ]
    heads = ["", "passage", "kind", "reports", "sections", "characters", "fullest in"]
    right = {"", "reports", "sections", "characters"}
    print_table([Column(h, right=h in right, flexible=h == "fullest in") for h in heads], rows)
    if len(rows) < len(passages):
        note(f"… {plural(len(passages) - len(rows), 'passage')} more; --full shows all")


def show_passage(release: Release, passage_id: str, json: bool) -> None:
    """Print one passage and where it stands."""
    (row,) = release.sql("SELECT * FROM passage_stats WHERE passage_id = $id", {"id": passage_id}).to_pylist()
    places = release.sql(_PLACES, {"id": passage_id}).to_pylist()
    if json:
        print_json({**row, "places": places})
        return
    print_facts(
        [
            (
                "passage",
                f"{passage_id} · {row['kind']}{' · also in a reference source' * row['in_reference']}",
            ),
            ("text", row["text"]),
            (
                "stands in",
                f"{plural(row['df'], 'report')} of {row['corpus_families']:,} ({row['df_ratio']:.1%}), "
                f"{plural(row['n_sections'], 'section')}, {plural(row['n_sources'], 'source')}",
            ),
            ("fullest in", f"{row['best_section']}, {plural(row['n_chars'], 'normalised character')}"),
        ]
    )
    out().print()
    print_table(
        [Column("section"), Column("cluster"), Column("characters", right=True), Column("page", flexible=True)],
        [
            [
                p["section_id"],
                p["cluster_id"] or "",
                f"{p['n_chars']:,}",
                shorten(f"{p['uri']} · part {p['ordinal'] + 1} from {p['char_start']:,}", _QUOTE_COLUMNS * 2),
            ]
            for p in places[:_PLACES_SHOWN]
        ],
    )
    if len(places) > _PLACES_SHOWN:
        note(f"… {plural(len(places) - _PLACES_SHOWN, 'place')} more; --json has all")
