"""`dedup clusters` and `dedup show`: what was found, and one thing of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dedup.cli import options
from dedup.cli.console import Column, note, out, plural, print_facts, print_json, print_table
from dedup.cli.figures import place_and_years, show_fact, show_table
from dedup.cli.shared_marks import print_marked, print_passages, read_passages, show_passage
from dedup.cli.shared_text import show_template

if TYPE_CHECKING:
    from dedup.releases import Release

_CLUSTERS_EPILOG = options.examples(
    ("dedup clusters", "the largest clusters of copies"),
    ("dedup clusters --sort similarity --limit 20", "the doubtful ones first"),
    ("dedup clusters --source wenku --min-size 3 --json", "for scripts"),
)
_SHOW_EPILOG = options.examples(
    ("dedup show c_7f3a", "a cluster: its copies, their scores, why one is canonical"),
    ("dedup show s_02bd --full", "a section, what it shares with others marked"),
    ("dedup show x_51c0", "a passage: where else it stands"),
    ("dedup show wenku/page7.txt", "a page: its parts and what became of them"),
)
#: Characters of a section's text that are shown unless --full.
_TEXT_CHARS = 600
#: Copies of a cluster that are listed unless --full.
_MEMBERS_SHOWN = 40
#: Passages of a section that are listed unless --full.
_PASSAGES_SHOWN = 12
#: Ids of things that releases of earlier versions did not have: beginning -> dataset.
_NEWER = {
    "x_": "passage_stats",
    "t_": "templates",
    "a_": "facts",
    "o_": "observations",
    "b_": "extracted_tables",
}
_NUMBERS = frozenset({"copies", "pages", "sources", "similar", "edit", "masked", "part", "from", "to"})


class Sort(StrEnum):
    """Order of the clusters."""

    size = "size"
    similarity = "similarity"


def clusters(
    min_size: Annotated[int, typer.Option(min=1, help="Smallest number of copies.")] = 2,
    kind: Annotated[str | None, typer.Option(help="Only report, essay or appendix.", show_default=False)] = None,
    source: Annotated[str | None, typer.Option(help="Only with a copy from this source.", show_default=False)] = None,
    sort: Annotated[Sort, typer.Option(help="Largest first, or least similar first.")] = Sort.size,
    limit: Annotated[int, typer.Option(min=0, help="Clusters to show; 0 shows all.")] = 30,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
    json: options.Json = False,
) -> None:
    """List clusters of copies."""
    opened = options.read_release(warehouse, config, release)
    order = "c.n_sections DESC, c.cluster_id" if sort is Sort.size else "c.min_similarity, c.cluster_id"
    where = "c.n_sections >= $least AND ($kind IS NULL OR c.kind = $kind)"
    values: dict[str, Any] = {"least": min_size, "kind": kind}
    if source is not None:
        where += (
            " AND c.cluster_id IN (SELECT m.cluster_id FROM membership m JOIN sections s USING (section_id)"
            " WHERE s.source = $source)"
        )
        values["source"] = source
    rows = opened.sql(
        "SELECT c.cluster_id, c.family_id, c.kind, c.n_sections, c.n_documents, c.n_sources, c.min_similarity,"
        " c.link_rule, c.canonical_section, s.title, count(*) OVER () AS n_found"
        " FROM clusters c JOIN sections s ON s.section_id = c.canonical_section"
        f" WHERE {where} ORDER BY {order}" + (f" LIMIT {limit}" if limit else ""),
        values,
    ).to_pylist()
    if json:
        print_json([{k: v for k, v in row.items() if k != "n_found"} for row in rows])
        return
    if not rows:
        print(f"release {opened.id}: no clusters of {plural(min_size, 'copy')} and more")
        return
    _print_clusters(rows)
    more = rows[0]["n_found"] - len(rows)
    if more > 0:
        note(f"… {more:,} more; --limit 0 shows all")


def _print_clusters(rows: list[dict[str, Any]]) -> None:
    heads = ["cluster", "kind", "copies", "pages", "sources", "similar", "rule", "title of the canonical copy"]
    cells = [
        [
            row["cluster_id"],
            row["kind"],
            f"{row['n_sections']:,}",
            f"{row['n_documents']:,}",
            f"{row['n_sources']:,}",
            f"{row['min_similarity']:.3f}",
            row["link_rule"],
            row["title"],
        ]
        for row in rows
    ]
    print_table(_columns(heads, "title of the canonical copy"), cells)


def _columns(headings: list[str], *flexible: str) -> list[Column]:
    return [Column(h, right=h in _NUMBERS, flexible=h in flexible) for h in headings]


def show(
    name: Annotated[str, typer.Argument(help="Id of a cluster, section, passage, page …, or a page's address.")],
    full: Annotated[bool, typer.Option("--full", help="The whole text of a section, every copy of a cluster.")] = False,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
    json: options.Json = False,
) -> None:
    """Show one cluster, section, passage, template or page with everything that is known of it."""
    from dedup.clusters.finding import find_target

    opened = options.read_release(warehouse, config, release)
    if name[:2] in _NEWER:
        options.must_hold(opened, _NEWER[name[:2]])
    target = find_target(opened, name)
    if target.kind == "section":
        _show_section(opened, target.id, full, json)
    elif target.kind == "document":
        _show_document(opened, target.id, json)
    elif target.kind == "cluster":
        _show_cluster(opened, target.id, full, json)
    elif target.kind == "passage":
        show_passage(opened, target.id, json)
    elif target.kind == "template":
        show_template(opened, target.id, json)
    elif target.kind in ("fact", "observation"):
        show_fact(opened, target.id, json)
    elif target.kind == "table":
        show_table(opened, target.id, json)
    else:
        rows = opened.sql(
            "SELECT c.*, s.title FROM clusters c JOIN sections s ON s.section_id = c.canonical_section"
            " WHERE c.family_id = $id ORDER BY c.n_sections DESC, c.cluster_id",
            {"id": target.id},
        ).to_pylist()
        if json:
            print_json(rows)
        else:
            print_facts([("family", f"{target.id} · {plural(len(rows), 'edition')}")])
            _print_clusters(rows)


_MEMBERS = """
SELECT m.*, s.title, s.kind, s.ordinal, s.n_chars, s.mask_ratio, s.completeness, s.source, d.uri, d.published_at
FROM membership m JOIN sections s USING (section_id) JOIN documents d USING (doc_id)
WHERE m.cluster_id = $id ORDER BY m.is_canonical DESC, m.similarity DESC, m.section_id
"""


def _show_cluster(release: Release, cluster_id: str, full: bool, json: bool) -> None:
    (cluster,) = release.sql("SELECT * FROM clusters WHERE cluster_id = $id", {"id": cluster_id}).to_pylist()
    members = release.sql(_MEMBERS, {"id": cluster_id}).to_pylist()
    editions = release.sql(
        "SELECT cluster_id FROM clusters WHERE family_id = $family AND cluster_id <> $id ORDER BY cluster_id",
        {"family": cluster["family_id"], "id": cluster_id},
    ).column("cluster_id")
    if json:
        print_json({**cluster, "members": members, "other_editions": editions.to_pylist()})
        return
    facts = [
        ("cluster", f"{cluster_id} · {cluster['kind']} · {cluster['status']}"),
        ("title", members[0]["title"] or "(none)"),
        (
            "copies",
            f"{plural(cluster['n_sections'], 'section')} on {plural(cluster['n_documents'], 'page')} of "
            f"{plural(cluster['n_sources'], 'source')}, least similarity {cluster['min_similarity']:.3f}",
        ),
        ("first seen", f"release {cluster['first_release']}"),
    ]
    facts += place_and_years(release, cluster["canonical_section"])
    facts += _stated(release, cluster_id)
    if len(editions):
        facts.append(("editions", f"{', '.join(editions.to_pylist()[:6])} (dedup show {cluster['family_id']})"))
    print_facts(facts)
    out().print()
    rows = [
        [
            "*" if m["is_canonical"] else "",
            m["section_id"],
            f"{m['similarity']:.3f}",
            "" if m["edit_similarity"] is None else f"{m['edit_similarity']:.3f}",
            m["rule"],
            f"{m['mask_ratio']:.1%}",
            m["completeness"],
            f"{m['uri']} · part {m['ordinal'] + 1}",
            m["reason"],
        ]
        for m in (members if full else members[:_MEMBERS_SHOWN])
    ]
    heads = ["", "section", "similar", "edit", "rule", "masked", "complete", "page", "why"]
    print_table(_columns(heads, "page", "why"), rows)
    if len(rows) < len(members):
        note(f"… {plural(len(members) - len(rows), 'copy')} more; --full shows all")
    if len(members) > 1:
        note(f"* is published; differences: dedup explain {cluster_id[:8]}")


def _stated(release: Release, cluster_id: str) -> list[tuple[str, str]]:
    """Return how many facts a cluster states, and how many of them contradict others."""
    if "facts" not in release.datasets:
        return []
    (counts,) = release.sql(
        "SELECT count(*) AS n, count(*) FILTER (WHERE len(flags) > 0) AS flagged FROM facts WHERE cluster_id = $id",
        {"id": cluster_id},
    ).to_pylist()
    if not counts["n"]:
        return []
    flagged = f", {counts['flagged']:,} of them contradict others" if counts["flagged"] else ""
    return [("figures", f"{plural(counts['n'], 'fact')}{flagged}")]


def _show_section(release: Release, section_id: str, full: bool, json: bool) -> None:
    from dedup.clusters.explain import read_member

    member = read_member(release, section_id)
    (row,) = release.sql(
        "SELECT char_start, char_end FROM sections WHERE section_id = $id", {"id": section_id}
    ).to_pylist()
    passages = read_passages(release, section_id)
    if json:
        from dataclasses import asdict

        print_json({**asdict(member), **row, "passages": passages})
        return
    facts = [
        ("section", f"{section_id} · {member.kind} ({member.kind_reason})"),
        ("title", member.title or "(none)"),
        ("page", f"{member.uri} · part {member.ordinal + 1}, characters {row['char_start']:,} to {row['char_end']:,}"),
        (
            "text",
            f"{plural(member.n_chars, 'character')}, {member.completeness}, {member.mask_ratio:.1%} masked, "
            f"{member.boilerplate_ratio:.1%} of the page's part dropped as site noise",
        ),
    ]
    if member.cluster_id:
        role = "canonical"
        if not member.is_canonical:
            role = f"copy of {member.stands_for} ({member.rule}, similarity {member.similarity:.3f})"
        facts.append(("cluster", f"{member.cluster_id} · {role}"))
        facts.append(("why", member.reason or ""))
    else:
        why = (
            "a reference source is never published" if member.role == "reference" else f"a {member.kind} is not matched"
        )
        facts.append(("cluster", f"none: {why}"))
    facts += place_and_years(release, section_id)
    if passages:
        facts.append(("shared", _shares(release, section_id, passages)))
    print_facts(facts)
    out().print()
    text = member.clean_text
    shown = len(text) if full else min(len(text), _TEXT_CHARS)
    print_marked(text, passages, shown)
    if shown < len(text):
        note(f"… {len(text) - shown:,} more characters; --full shows all")
    if passages:
        out().print()
        print_passages(passages, section_id, len(passages) if full else _PASSAGES_SHOWN)


def _shares(release: Release, section_id: str, passages: list[dict[str, Any]]) -> str:
    (ratios,) = release.sql(
        "SELECT any_value(template_ratio) AS template, any_value(copied_ratio) AS copied FROM membership"
        " WHERE section_id = $id",
        {"id": section_id},
    ).to_pylist()
    words = f"{plural(len(passages), 'passage')} stand in other reports too"
    if ratios["template"] is not None:
        words += f": {ratios['template']:.1%} of the text in templates, {ratios['copied']:.1%} copied"
    return words


def _show_document(release: Release, doc_id: str, json: bool) -> None:
    (page,) = release.sql(
        "SELECT * EXCLUDE (text, tables_html), len(tables_html) AS n_tables FROM documents WHERE doc_id = $id",
        {"id": doc_id},
    ).to_pylist()
    record = release.sql("SELECT * FROM records WHERE doc_id = $id", {"id": doc_id}).to_pylist()
    parts = release.sql(
        "SELECT s.section_id, s.ordinal, s.kind, s.kind_reason, s.char_start, s.char_end, s.n_chars, s.title,"
        " m.cluster_id, m.is_canonical, m.similarity, m.stands_for, m.rule"
        " FROM sections s LEFT JOIN membership m USING (section_id) WHERE s.doc_id = $id ORDER BY s.ordinal",
        {"id": doc_id},
    ).to_pylist()
    if json:
        print_json({**page, "record": record[0] if record else None, "sections": parts})
        return
    facts = [
        ("page", f"{page['uri']} · {doc_id}"),
        ("title", page["title"] or "(none)"),
        (
            "source",
            f"{page['source']} · {page['format']} · {page['encoding']} · {plural(page['n_chars'], 'character')}",
        ),
    ]
    if page["published_at"]:
        facts.append(("dated", f"{page['published_at']} ({page['published_at_basis']})"))
    if page["publisher"]:
        facts.append(("publisher", page["publisher"]))
    if record:
        facts.append(("outcome", f"{record[0]['outcome']}: {record[0]['reason']}"))
    print_facts(facts)
    out().print()
    heads = ["part", "section", "kind", "from", "to", "cluster", "", "similar", "title"]
    rows = [
        [
            str(p["ordinal"] + 1),
            p["section_id"],
            p["kind"],
            f"{p['char_start']:,}",
            f"{p['char_end']:,}",
            p["cluster_id"] or "",
            {True: "canonical", False: "copy", None: ""}[p["is_canonical"]],
            "" if p["similarity"] is None else f"{p['similarity']:.3f}",
            p["title"],
        ]
        for p in parts
    ]
    print_table(_columns(heads, "title"), rows)


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command(epilog=_CLUSTERS_EPILOG, rich_help_panel="Look")(clusters)
    app.command(epilog=_SHOW_EPILOG, rich_help_panel="Look")(show)
