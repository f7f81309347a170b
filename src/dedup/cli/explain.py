"""`dedup explain`: why two texts are joined, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dedup.cli import options
from dedup.cli.console import harmless, out, print_json, shorten, width

if TYPE_CHECKING:
    from rich.console import Console

    from dedup.clusters.explain import Explanation, Member

_EPILOG = options.examples(
    ("dedup explain c_7f3a", "a cluster: its canonical text against its least similar copy"),
    ("dedup explain s_02bd s_9e41", "two sections"),
    ("dedup explain wenku/page7.txt gov/report.html", "two pages: their most similar sections"),
    ("dedup explain s_02bd --full --side-by-side", "everything that differs, in two columns"),
    after="Ids may be shortened as long as they stay unambiguous. Without colours a change reads [-8%-]{+8‰+}.".replace(
        "[", "\\["
    ),
)


def explain(
    a: Annotated[str, typer.Argument(help="Id of a section, cluster or page, or a page's address.")],
    b: Annotated[str | None, typer.Argument(help="The other one. Default: the copy it belongs with.")] = None,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
    side_by_side: Annotated[bool, typer.Option("--side-by-side", "-s", help="A and B in two columns.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Also line breaks and signs, whole passages, no limit.")] = False,
    context: Annotated[int, typer.Option(min=0, help="Equal characters to show around a change.")] = 16,
    json: options.Json = False,
) -> None:
    """Say why two texts are copies or not: scores, rule, which one is published, and what differs."""
    from dedup.clusters.explain import explain as explain_pair

    opened = options.read_release(warehouse, config, release)
    match, fingerprint, _ = options.release_settings(opened)
    found = explain_pair(opened, a, b, match=match, fingerprint=fingerprint)
    if json:
        print_json(found.as_dict())
        return
    _print(found, context=context, full=full, side_by_side=side_by_side)


def _print(found: Explanation, *, context: int, full: bool, side_by_side: bool) -> None:
    from dedup.cli.difference_view import count_line, print_differences

    console = out()
    for name, member in (("A", found.a), ("B", found.b)):
        _print_member(console, name, member)
    c = found.comparison
    console.print(
        f"[bold]scores[/bold]      Jaccard {c.jaccard:.3f} exact, {c.estimate:.3f} by MinHash · edit similarity "
        f"{c.edit_similarity:.3f} · {c.containment_a:.0%} of A in B, {c.containment_b:.0%} of B in A"
    )
    _line(console, "verdict", found.verdict)
    if found.canonical:
        _line(console, "published", found.canonical)
    _line(console, "differences", count_line(c.counts()))
    if c.differences:
        console.print()
        print_differences(c, context=context, full=full, side_by_side=side_by_side)


def _line(console: Console, label: str, text: str) -> None:
    from rich.markup import escape

    console.print(f"[bold]{label:<12}[/bold]{escape(harmless(text))}")


def _print_member(console: Console, name: str, member: Member) -> None:
    role = {True: "canonical", False: "copy", None: "not matched"}[member.is_canonical]
    where = f"{member.uri} · part {member.ordinal + 1} · {member.kind} · {member.n_chars:,} characters"
    _line(console, name, f"{member.section_id}  {role}  {shorten(member.title, max(20, width() - 46))}")
    console.print(f"            {harmless(where)}", style="dim", markup=False)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_EPILOG, rich_help_panel="Look")(explain)
