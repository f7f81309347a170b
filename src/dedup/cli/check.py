"""`dedup evaluate` and `dedup doctor`: is the result right, and is everything in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedup.cli import options
from dedup.cli.console import Column, note, out, plural, print_json, print_table, shorten, width
from dedup.cli.failures import ERROR, USAGE, CommandError

if TYPE_CHECKING:
    from dedup.evaluation import Evaluation, Finding
    from dedup.settings import Settings

_EVALUATE_EPILOG = options.examples(
    ("dedup evaluate data/sample", "a folder with truth, as `dedup sample` writes it"),
    ("dedup evaluate pairs.parquet --score j5 --min-score 0.7", "pairs of ids with a score"),
    ("dedup evaluate sample/ --curve curve.svg --json", "the picture, and figures for scripts"),
    ("dedup evaluate --labels", "a sample that people judged"),
    after="TRUTH: a folder with truth.*, or Parquet, JSONL or CSV with the columns doc_a and doc_b (own ids or uris) "
    "and perhaps a score, label and relation. Exit code 1 when a published pair is false or a masked number was taken.",
)
_DOCTOR_EPILOG = options.examples(
    ("dedup doctor", "this machine and the configured warehouse"),
    ("dedup doctor --json", "for scripts"),
)


def evaluate(
    truth: Annotated[
        Path | None,
        typer.Argument(help="What is known to be true: a folder or a table of pairs.", show_default=False),
    ] = None,
    score: Annotated[str | None, typer.Option(help="Column with the score of a pair.", show_default=False)] = None,
    min_score: Annotated[
        float | None, typer.Option(help="Pairs with a lower score are not expected.", show_default=False)
    ] = None,
    curve: Annotated[
        Path | None, typer.Option(help="SVG file for recall and precision by threshold.", show_default=False)
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="Missed and false pairs to explain.")] = 5,
    check_pairs: Annotated[int, typer.Option(min=0, help="Published pairs to compute again with other code.")] = 1000,
    labels: Annotated[bool, typer.Option("--labels", help="Against what people judged: see `dedup label`.")] = False,
    task: Annotated[
        str | None, typer.Option(help="With --labels: id of the sample. Default: the newest.", show_default=False)
    ] = None,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
    json: options.Json = False,
) -> None:
    """Measure copies, clusters, figures, years and places of a release against known truth."""
    if labels:
        _evaluate_labels(options.read_settings(config, warehouse), task, json)
        return
    if truth is None:
        raise CommandError("name a TRUTH to compare with, or --labels for what people judged", USAGE)
    from dedup.evaluation import evaluate as evaluate_release

    opened = options.read_release(warehouse, config, release)
    found = evaluate_release(
        opened, truth, score=score, min_score=min_score, check_pairs=check_pairs, examples=max(examples, 50 * json)
    )
    if curve is not None:
        curve.parent.mkdir(parents=True, exist_ok=True)
        found.save_curve(curve)
    if json:
        print_json({**found.as_dict(), "passed": found.passed})
    else:
        _print_evaluation(found, examples)
    if curve is not None:
        note(f"curve in {curve}")
    if not found.passed:
        raise typer.Exit(ERROR)


def _evaluate_labels(settings: Settings, task: str | None, json: bool) -> None:
    from dedup.cli.label import print_labels
    from dedup.decisions import open_store
    from dedup.decisions.labels import Labels
    from dedup.evaluation.label_estimates import score_labels

    with open_store(settings) as store:
        sample = Labels(store)
        found = sample.task(task)
        score = score_labels(found, sample.pairs(found.task_id))
    print_labels(score, json)
    waiting = [s.name for s in score.strata if s.population and not s.same + s.edition + s.not_same]
    if waiting:
        note(f"no pair was judged yet of: {', '.join(waiting)}; `dedup label --judge` goes on")


def _print_evaluation(found: Evaluation, examples: int) -> None:
    out().print(f"release {found.release_id} against {found.truth}", style="bold", markup=False)
    print_table(
        [Column(""), Column("", right=True), Column("", flexible=True)],
        [[name, value, why] for name, value, why in found.rows()],
        headings=False,
    )
    bands = found.band_rows()
    if bands:
        out().print()
        heads = ["true Jaccard", "true pairs", "expected", "found", "recall"]
        print_table(
            [Column(h, right=h != "true Jaccard") for h in heads],
            [[label, f"{n:,}", f"{expected:,}", f"{hit:,}", recall] for label, n, expected, hit, recall in bands],
        )
    _print_findings("missed", found.missed[:examples], found.n_missed)
    _print_findings("false", found.false[:examples], found.n_false)


def _print_findings(what: str, findings: tuple[Finding, ...], total: int) -> None:
    if not total:
        return
    from rich.text import Text

    out().print()
    shown = f", {len(findings)} of them here" if 0 < len(findings) < total else ""
    out().print(f"{plural(total, f'{what} pair')}{shown}", style="bold")
    for finding in findings:
        out().print(
            f"  {shorten(finding.a, width() // 2 - 4)}  |  {shorten(finding.b, width() // 2 - 4)}", markup=False
        )
        out().print(Text(f"    {finding.reason}", style="dim"))


def doctor(warehouse: options.Warehouse = None, config: options.Config = None, json: options.Json = False) -> None:
    """Check that everything is in order: versions, compiled kernels, warehouse, disk, Prefect, telemetry, terminal."""
    from dataclasses import asdict

    from dedup.cli.diagnosis import diagnose

    findings = diagnose(config, warehouse)
    worst = max(("ok", "warning", "error").index(f.status) for f in findings)
    if json:
        print_json({"status": ("ok", "warning", "error")[worst], "checks": [asdict(f) for f in findings]})
    else:
        from rich.text import Text

        styles = {"ok": "green", "warning": "yellow", "error": "bold red"}
        for f in findings:
            out().print(Text.assemble((f"{f.status:<9}", styles[f.status]), (f"{f.name:<14}", "bold"), f.message))
            if f.advice:
                out().print(Text(f"{'':<23}{f.advice}", style="dim"))
    if worst == 2:
        raise typer.Exit(ERROR)


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command(epilog=_EVALUATE_EPILOG, rich_help_panel="Measure")(evaluate)
    app.command(epilog=_DOCTOR_EPILOG, rich_help_panel="Measure")(doctor)
