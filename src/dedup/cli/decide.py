"""`dedup decide` and `dedup decisions`: overruling the machine, and looking after what was decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dedup.cli import options
from dedup.cli.console import Column, note, out, plural, print_json, print_table, shorten
from dedup.cli.deciders import Note, Who, decider, judge_at_terminal, opened_store
from dedup.cli.failures import USAGE, CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedup.decisions import Decision
    from dedup.releases import Release

_DECIDE_EPILOG = options.examples(
    ("dedup decide s_02bd s_9e41 same", "copies of one text, whatever the figures say"),
    ("dedup decide s_02bd s_9e41 not-same -m 'other county'", ""),
    ("dedup decide c_7f3a wenku/page7.txt edition", "linked, and both published"),
    ("dedup decide s_02bd split", "this text stands alone"),
    ("dedup decide s_02bd canonical", "this copy is published for its cluster"),
    ("dedup decide x_51f0 boilerplate", "a passage, or a section: no report"),
    ("dedup decide", "the most doubtful pairs, one after another"),
    after="Decisions are about texts: they hold for every page that has the text, also in later crawls, and no longer "
    "once the text has changed. The next run applies them.",
)
_SAYS = {
    "same": "{a} and {b} are copies of one text",
    "not_same": "{a} and {b} are different texts",
    "edition": "{a} and {b} are editions of one text",
    "unsure": "{a} and {b}: unsure",
    "split": "{a} stands alone",
    "canonical": "{a} stands for its cluster",
    "boilerplate": "{a} is boilerplate",
}


def decide(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="One or two texts, then same, not-same, edition, unsure, split, canonical or boilerplate. Nothing: "
            "the queue of doubtful pairs.",
            metavar="[A [B] DECISION]",
            show_default=False,
        ),
    ] = None,
    remark: Note = "",
    who: Who = None,
    size: Annotated[int, typer.Option("--queue", min=1, help="Pairs in the queue.")] = 200,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
) -> None:
    """Decide whether texts are copies; without arguments, judge the most doubtful pairs."""
    settings = options.read_settings(config, warehouse)
    opened = options.read_release(settings.warehouse, config, release)
    name = decider(settings, who)
    from dedup.decisions.uncertain import DoubtQueue

    with opened_store(settings) as store:
        if not words:
            judge_at_terminal(DoubtQueue(opened, store, size), opened, name, blind=False)
            note("the next run applies what was decided")
            return
        kind, texts = _parse(words)
        from dedup.decisions.subjects import find_text

        found = [find_text(opened, text) for text in texts]
        made = store.record(
            kind, *(text.key for text in found), note=remark, who=name,
            sections=(found[0].section_id, found[1].section_id if len(found) > 1 else ""), release_id=opened.id,
        )  # fmt: skip
        replaced = store.get(made.replaces) if made.replaces else None
    names = [shorten(text.title, 40) or text.section_id for text in found] + [""]
    out().print(f"{made.decision_id}  {_SAYS[kind].format(a=names[0], b=names[1])}", markup=False)
    if replaced is not None:
        note(f"replaces {replaced.decision_id}: {_word(replaced.kind)}, {replaced.by}")
    note(f"the next run applies it; `dedup decisions undo {made.decision_id[:8]}` takes it back")


def _parse(words: Sequence[str]) -> tuple[str, list[str]]:
    from dedup.decisions.kinds import KINDS, PAIR_KINDS

    *texts, last = words
    kind = last.strip().lower().replace("-", "_")
    if kind not in KINDS:
        raise CommandError(
            f"{last!r} is no decision; the last word is one of {', '.join(_word(k) for k in KINDS)}", USAGE
        )
    wanted = 2 if kind in PAIR_KINDS else 1
    if len(texts) != wanted:
        raise CommandError(f"{_word(kind)} is said of {plural(wanted, 'text')}, {len(texts)} given", USAGE)
    return kind, texts


def _word(kind: str) -> str:
    return kind.replace("_", "-")


_decisions = typer.Typer(help="List, undo, export and import what people decided.", no_args_is_help=True)

_LIST_EPILOG = options.examples(
    ("dedup decisions list", "what is in force, and what became of it"),
    ("dedup decisions list --json", "for scripts"),
)


@_decisions.command("list", epilog=_LIST_EPILOG)
def list_decisions(
    warehouse: options.Warehouse = None, config: options.Config = None, json: options.Json = False
) -> None:
    """List the decisions in force, with what the newest release made of them."""
    _print_decisions(config, warehouse, json, whole=False)


@_decisions.command(epilog=options.examples(("dedup decisions history", "who decided what, and when")))
def history(warehouse: options.Warehouse = None, config: options.Config = None, json: options.Json = False) -> None:
    """List everything that was ever decided, also what was replaced or taken back."""
    _print_decisions(config, warehouse, json, whole=True)


def _print_decisions(config: Path | None, warehouse: Path | None, json: bool, *, whole: bool) -> None:
    settings = options.read_settings(config, warehouse)
    rows: list[Decision] = []
    if settings.has_decisions:
        with opened_store(settings) as store:
            rows = store.rows() if whole else store.in_force()
    release = _newest(settings.warehouse, config)
    outcomes = _outcomes(release)
    if json:
        print_json([_plain(d) | {"outcome": outcomes.get(d.decision_id)} for d in rows])
        return
    if not rows:
        note("nothing was decided yet; `dedup decide A B same` decides, `dedup decide` asks about doubtful pairs")
        return
    titles = _titles(release, [k for d in rows for k in (d.key_a, d.key_b) if k])
    last = "of" if whole else "in the newest release"
    columns = [
        Column(h, flexible=h in ("texts", "note")) for h in ("decision", "says", "texts", "who", "day", last, "note")
    ]
    print_table(columns, [_row(d, titles, outcomes, whole) for d in rows])


def _row(d: Decision, titles: dict[str, str], outcomes: dict[str, str], whole: bool) -> list[str]:
    texts = " | ".join(
        shorten(titles.get(key) or section or f"{key[:8]}…", 28)
        for key, section in ((d.key_a, d.section_a), (d.key_b, d.section_b))
        if key
    )
    last = (d.revokes or d.replaces) if whole else outcomes.get(d.decision_id, "not run yet")
    return [d.decision_id, _word(d.kind), texts, d.who, d.decided_at.date().isoformat(), last, shorten(d.note, 40)]


def _plain(d: Decision) -> dict[str, Any]:
    return {
        "decision_id": d.decision_id, "kind": d.kind, "key_a": d.key_a, "key_b": d.key_b or None, "who": d.who,
        "decided_at": d.decided_at, "note": d.note, "replaces": d.replaces or None, "revokes": d.revokes or None,
        "section_a": d.section_a or None, "section_b": d.section_b or None, "release_id": d.release_id or None,
    }  # fmt: skip


def _newest(warehouse: Path, config: Path | None) -> Release | None:
    from dedup.releases import NoRelease

    try:
        return options.read_release(warehouse, config)
    except NoRelease:
        return None


def _outcomes(release: Release | None) -> dict[str, str]:
    if release is None or "decisions" not in release.datasets:
        return {}
    rows = release.arrow("decisions", ["decision_id", "outcome", "reason"]).to_pylist()
    words = {"not_found": "not applied: text not found", "not_possible": "not applied: not possible"}
    return {r["decision_id"]: words.get(r["outcome"], r["outcome"]) for r in rows}


def _titles(release: Release | None, keys: list[str]) -> dict[str, str]:
    if release is None or not keys:
        return {}
    query = (
        "SELECT content_hash AS key, max(title) AS title FROM sections WHERE content_hash IN (SELECT unnest($keys))"
        " GROUP BY content_hash"
    )
    found = {row["key"]: row["title"] for row in release.sql(query, {"keys": keys}).to_pylist()}
    passages = [key for key in keys if key.startswith("x_")]
    if passages and "passage_stats" in release.datasets:
        query = "SELECT passage_id, left(text, 80) AS text FROM passage_stats WHERE passage_id IN (SELECT unnest($ids))"
        found |= {row["passage_id"]: row["text"] for row in release.sql(query, {"ids": passages}).to_pylist()}
    return found


@_decisions.command(epilog=options.examples(("dedup decisions undo g_7f3a", "an id may be shortened")))
def undo(
    decision: Annotated[str, typer.Argument(help="Id of a decision, or of an undo; `dedup decisions list` shows it.")],
    remark: Note = "",
    who: Who = None,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
) -> None:
    """Take a decision back; what it had replaced is in force again."""
    settings = options.read_settings(config, warehouse)
    name = decider(settings, who)
    with opened_store(settings) as store:
        made = store.undo(decision, name, remark)
        taken = store.get(made.revokes)
        again = [d for d in store.in_force() if d.subject == taken.subject]
    out().print(f"{made.decision_id}  takes back {taken.decision_id}: {_word(taken.kind)}, {taken.by}", markup=False)
    for earlier in again:
        note(f"in force again: {earlier.decision_id}: {_word(earlier.kind)}, {earlier.by}")
    note("the next run applies it")


@_decisions.command(
    "export", epilog=options.examples(("dedup decisions export decisions.parquet", "the whole history"))
)
def export_decisions(
    file: Annotated[Path, typer.Argument(help="Parquet file to write.")],
    warehouse: options.Warehouse = None,
    config: options.Config = None,
) -> None:
    """Write the whole history to a Parquet file."""
    with opened_store(options.read_settings(config, warehouse)) as store:
        n = store.export_parquet(file)
    note(f"{plural(n, 'row')} in {file}")


@_decisions.command("import", epilog=options.examples(("dedup decisions import decisions.parquet", "may be repeated")))
def import_decisions(
    file: Annotated[Path, typer.Argument(help="Parquet file that `dedup decisions export` wrote.")],
    warehouse: options.Warehouse = None,
    config: options.Config = None,
) -> None:
    """Add the decisions of another store; each keeps its author and its time, and comes in once."""
    with opened_store(options.read_settings(config, warehouse)) as store:
        n = store.import_parquet(file)
    note(f"{plural(n, 'new row')} from {file}; the next run applies them")


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command(epilog=_DECIDE_EPILOG, rich_help_panel="Decide")(decide)
    app.add_typer(_decisions, name="decisions", rich_help_panel="Decide")
