"""`dedup preview` and `dedup lookup`: a page in hand, before or without a run."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dedup.cli import options
from dedup.cli.console import harmless, note, out, plural, print_facts, print_json, shorten, width
from dedup.cli.failures import ERROR, USAGE, CommandError
from dedup.cli.figures import attribution_lines, figure_words, read_figures

if TYPE_CHECKING:
    import pyarrow as pa

    from dedup.clusters.lookup import Hit
    from dedup.settings import ReadSettings

_PREVIEW_EPILOG = options.examples(
    ("dedup preview page.html", "how a page is decoded, cut and cleaned"),
    ("dedup preview page.txt --text", "with the clean text of every section"),
    ("dedup preview records.csv --limit 3 --json", "the first three records, for scripts"),
)
_LOOKUP_EPILOG = options.examples(
    ("dedup lookup new-page.txt", "which clusters its reports belong to"),
    ("dedup lookup new-page.txt --json | jq '.[].hits[0].cluster_id'", "for scripts"),
)
#: Figures of a section that are named unless --text.
_FIGURES_SHOWN = 4
#: A nearest text less similar than this is a chance resemblance.
_WORTH_NAMING = 0.1
_Encoding = Annotated[str, typer.Option(help="Encoding of the file; auto detects it.")]


def _read(file: Path, read: ReadSettings, encoding: str, limit: int | None) -> tuple[pa.Table, list[dict[str, Any]]]:
    """Return the documents of a file and what was refused."""
    from datetime import UTC, datetime

    import pyarrow as pa

    from dedup import schemas
    from dedup.settings import SourceSettings
    from dedup.sources import read_batches

    if not file.exists():
        raise CommandError(f"{file}: no such file", USAGE)
    source = SourceSettings(path=str(file), encoding=encoding)
    batches = list(read_batches([source], read, now=datetime.now(UTC), limit=limit))
    documents = pa.concat_tables([schemas.empty(schemas.DOCUMENTS), *(b.documents for b in batches)])
    refused = [row for batch in batches for row in batch.quarantine.to_pylist()]
    if not documents.num_rows:
        why = "; ".join(f"{r['rule']}: {r['reason']}" for r in refused) or "nothing in it can be read"
        raise CommandError(f"{file}: {why}", ERROR)
    return documents, refused


def preview(
    file: Annotated[Path, typer.Argument(help="A page or a file of records, in any format that a run reads.")],
    text: Annotated[bool, typer.Option("--text", help="Print the clean text of every section.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Records to read from the file.")] = 5,
    encoding: _Encoding = "auto",
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Show what is made of a page: sections, kinds, dropped noise, joined lines, masks, places, years, figures."""
    from dedup.text.sections import cut_documents

    settings = options.read_settings(config)
    documents, refused = _read(file, settings.read, encoding, limit)
    sections = cut_documents(documents, settings.text)
    read = read_figures(documents, sections)
    pages = [
        {
            **page,
            "sections": [
                s | read.get(s["section_id"], {}) for s in sections.to_pylist() if s["doc_id"] == page["doc_id"]
            ],
        }
        for page in documents.to_pylist()
    ]
    previews = [(page, [_preview_section(page["text"], s) for s in page["sections"]]) for page in pages]
    if json:
        print_json(
            [
                {
                    **{k: page[k] for k in ("uri", "format", "encoding", "title", "published_at", "n_chars")},
                    "sections": parts,
                }
                for page, parts in previews
            ]
        )
    else:
        for page, parts in previews:
            _print_preview(page, parts, text)
    for row in refused:
        note(f"refused: {row['record_id']}: {row['rule']}: {row['reason']}")


def _preview_section(page: str, section: dict[str, Any]) -> dict[str, Any]:
    from dedup.text.placeholders import find_placeholders

    dropped, joined = _left_out(page, section)
    clean = section["clean_text"]
    return {
        **{k: section[k] for k in ("ordinal", "kind", "kind_reason", "title", "char_start", "char_end", "n_chars")},
        **{k: section[k] for k in ("completeness", "mask_ratio", "boilerplate_ratio")},
        **{k: section.get(k) for k in ("attribution", "figures")},
        "heading": page[section["char_start"] : section["char_start"] + 80].split("\n", 1)[0].strip(),
        "joined_lines": joined,
        "paragraphs": clean.count("\n") + 1 if clean else 0,
        "dropped": dropped,
        "placeholders": dict(Counter(clean[p.start : p.end] for p in find_placeholders(clean)).most_common()),
        "clean_text": clean,
    }


_NEWLINE = re.compile(r"[\n\r\u2028\u2029\u0085]")


def _left_out(page: str, section: dict[str, Any]) -> tuple[list[str], int]:
    """Return the stretches of a section that its clean text leaves out, and how many line ends were joined."""
    dropped: list[str] = []
    joined = 0
    runs = section["clean_map"]
    clean_end, page_end = 0, section["char_start"]
    for at in range(0, len(runs), 3):
        clean_start, page_start, length = runs[at : at + 3]
        gap, put_in = page[page_end:page_start], section["clean_text"][clean_end:clean_start]
        # Before the first run lies the heading, which is the title of the section and not noise.
        if gap.strip() and at:
            dropped += [line.strip() for line in _NEWLINE.split(gap) if line.strip()]
        elif at and _NEWLINE.search(gap) and "\n" not in put_in:
            joined += 1
        clean_end, page_end = clean_start + length, page_start + length
    rest = page[page_end : section["char_end"]]
    if runs:
        dropped += [line.strip() for line in _NEWLINE.split(rest) if line.strip()]
    return dropped, joined


def _print_preview(page: dict[str, Any], parts: list[dict[str, Any]], text: bool) -> None:
    from rich.text import Text

    console = out()
    about = [page["format"], page["encoding"], plural(page["n_chars"], "character")]
    about += [f"dated {page['published_at']}"] if page["published_at"] else []
    about += [plural(len(page["tables_html"]), "table")] if page["tables_html"] else []
    print_facts([("page", f"{page['uri']} · " + " · ".join(about)), ("title", page["title"] or "(none)")])
    for part in parts:
        console.print()
        span = f"{part['char_start']:,}–{part['char_end']:,}"
        title = shorten(part["title"] or "(no title)", width() - 24)
        console.print(Text.assemble((f"{part['ordinal'] + 1:>3}  ", "dim"), (part["kind"], "bold"), f"  {title}"))
        facts = [f"{span}, {plural(part['n_chars'], 'character')} of clean text, {part['completeness']}"]
        facts.append(f"because: {part['kind_reason']}")
        if part["joined_lines"]:
            lines = plural(part["joined_lines"], "broken line")
            facts.append(f"{lines} joined, {plural(part['paragraphs'], 'paragraph')} left")
        if part["placeholders"]:
            named = ", ".join(f"{name} ×{n}" if n > 1 else name for name, n in list(part["placeholders"].items())[:8])
            facts.append(f"placeholders, never filled: {named}")
        if part["attribution"]:
            facts += [": ".join(line) for line in attribution_lines(part["attribution"])]
        if part["figures"]:
            shown = part["figures"] if text else part["figures"][:_FIGURES_SHOWN]
            more = ", …" if len(shown) < len(part["figures"]) else ""
            facts.append(f"{plural(len(part['figures']), 'figure')}: {', '.join(figure_words(f) for f in shown)}{more}")
        for fact in facts:
            console.print(Text(f"     {harmless(fact)}", style="dim"))
        for line in part["dropped"][: None if text else 6]:
            console.print(Text.assemble("     ", ("dropped  ", "red"), shorten(line, width() - 16)))
        if len(part["dropped"]) > 6 and not text:
            console.print(
                Text(f"     … {plural(len(part['dropped']) - 6, 'line')} more dropped; --text shows all", style="dim")
            )
        if text:
            console.print()
            print(harmless(part["clean_text"]))


def lookup(
    file: Annotated[Path, typer.Argument(help="A page or a file of records, in any format that a run reads.")],
    limit: Annotated[int, typer.Option(min=1, help="Records to read from the file.")] = 20,
    encoding: _Encoding = "auto",
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
    json: options.Json = False,
) -> None:
    """Find the duplicates of a page among the published reports, without publishing anything."""
    from dataclasses import asdict

    from dedup.clusters.lookup import look_up
    from dedup.schemas import MATCHED_KINDS
    from dedup.text.sections import cut_documents

    opened = options.read_release(warehouse, config, release)
    match, fingerprint, text_settings = options.release_settings(opened)
    documents, refused = _read(file, options.read_settings(config).read, encoding, limit)
    sections = cut_documents(documents, text_settings).to_pylist()
    matched = [s for s in sections if s["kind"] in MATCHED_KINDS]
    found = look_up(opened, [s["clean_text"] for s in matched], match=match, fingerprint=fingerprint)
    uris = dict(zip(documents.column("doc_id").to_pylist(), documents.column("uri").to_pylist(), strict=True))
    if json:
        print_json(
            [
                {
                    "uri": uris[s["doc_id"]],
                    **{k: s[k] for k in ("ordinal", "kind", "title", "char_start", "char_end", "n_chars")},
                    "cluster_id": _cluster(hits),
                    "hits": [asdict(hit) for hit in hits],
                }
                for s, hits in zip(matched, found, strict=True)
            ]
        )
    else:
        _print_lookup(opened.id, matched, found, len(sections) - len(matched), uris)
    for row in refused:
        note(f"refused: {row['record_id']}: {row['rule']}: {row['reason']}")


def _cluster(hits: list[Hit]) -> str | None:
    """Return the cluster a text would join: that of the best canonical section it is a copy of."""
    copies = [h for h in hits if h.relation in ("exact", "near_duplicate") and h.cluster_id]
    best = next((h for h in copies if h.is_canonical), copies[0] if copies else None)
    return best.cluster_id if best else None


def _print_lookup(
    release_id: str, sections: list[dict[str, Any]], found: list[list[Hit]], others: int, uris: dict[str, str]
) -> None:
    from rich.text import Text

    console = out()
    known = sum(_cluster(hits) is not None for hits in found)
    pages = len({s["doc_id"] for s in sections})
    console.print(
        f"{plural(len(sections), 'text')} on {plural(max(pages, 1), 'page')}: {known} known to release {release_id}, "
        f"{len(sections) - known} new" + (f"; {plural(others, 'other part')} not matched" if others else "")
    )
    for section, hits in zip(sections, found, strict=True):
        console.print()
        head = (
            f"{uris[section['doc_id']]} · part {section['ordinal'] + 1}"
            if pages > 1
            else f"part {section['ordinal'] + 1}"
        )
        console.print(
            Text.assemble(
                (harmless(head), "bold"), "  ", shorten(section["title"] or "(no title)", width() - len(head) - 2)
            )
        )
        cluster = _cluster(hits)
        if cluster is None:
            variant = next((h for h in hits if h.relation == "variant"), None)
            kind = f"another edition of {variant.cluster_id}" if variant else "new: no copy of it is published"
            console.print(f"     {kind}")
        else:
            copies = [h for h in hits if h.cluster_id == cluster and h.relation in ("exact", "near_duplicate")]
            console.print(
                f"     in {cluster}, with {plural(len(copies), 'copy')} that match{'es' if len(copies) == 1 else ''} it"
            )
        for hit in hits[:3]:
            if hit.jaccard < _WORTH_NAMING:
                continue
            label = {"none": "nearest"}.get(hit.relation, hit.relation.replace("_", "-"))
            console.print(
                Text(
                    f"     {label:<15}Jaccard {hit.jaccard:.3f}, edit {hit.edit_similarity:.3f}  {hit.section_id}  "
                    f"{shorten(hit.uri, 60)}",
                    style="dim",
                )
            )


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command(epilog=_LOOKUP_EPILOG, rich_help_panel="Look")(lookup)
    app.command(epilog=_PREVIEW_EPILOG, rich_help_panel="Look")(preview)
