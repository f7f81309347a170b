"""`dedup label` and `dedup thresholds`: how right the result is by people's judgement, and what would change it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dedup.cli import options
from dedup.cli.console import Column, note, out, plural, print_json, print_table
from dedup.cli.deciders import Who, decider, judge_at_terminal, opened_store
from dedup.cli.failures import CommandError

if TYPE_CHECKING:
    from dedup.clusters.rethreshold import ThresholdPreview
    from dedup.decisions.labels import LabelTask
    from dedup.evaluation.label_estimates import LabelScore

_LABEL_EPILOG = options.examples(
    ("dedup label --n 200 --stratify similarity", "draws 200 pairs of the newest release"),
    ("dedup label --judge", "judges the newest sample at this terminal"),
    ("dedup label --list", "samples, and how far they are judged"),
    ("dedup evaluate --labels", "precision and recall as people see them"),
    after="Judging a sample decides nothing: else the next release would be measured by what it was told.",
)
_THRESHOLDS_EPILOG = options.examples(
    ("dedup thresholds", "a few thresholds beside each other"),
    ("dedup thresholds --jaccard 0.85 --edit 0.95", "and which sections would leave"),
    after="Only thresholds above those of the release can be asked for: it does not know the pairs below its own.",
)
#: Jaccard thresholds that are shown beside each other.
_GRID = (0.75, 0.8, 0.85, 0.9, 0.95)


class Stratify(StrEnum):
    """How a sample is divided."""

    similarity = "similarity"
    none = "none"


def label(
    n: Annotated[
        int | None, typer.Option("--n", min=1, help="Pairs to draw. Default: 200.", show_default=False)
    ] = None,
    stratify: Annotated[
        Stratify, typer.Option(help="similarity: each band of similarity gets its share, however rare it is.")
    ] = Stratify.similarity,
    seed: Annotated[int, typer.Option(help="The same seed draws the same pairs of the same release.")] = 1,
    judge: Annotated[
        bool, typer.Option("--judge", help="Judge the newest sample (or --task) at this terminal.")
    ] = False,
    task: Annotated[str | None, typer.Option(help="Id of a sample. Default: the newest.", show_default=False)] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the samples.")] = False,
    who: Who = None,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
    json: options.Json = False,
) -> None:
    """Draw a sample of pairs with known probabilities, and judge it."""
    from dedup.decisions.labels import LabelQueue, Labels

    settings = options.read_settings(config, warehouse)
    with opened_store(settings) as store:
        labels = Labels(store)
        if listed:
            _print_tasks(labels.tasks(), json)
            return
        name = decider(settings, who)
        if not judge or n is not None:
            from dedup.evaluation.label_sample import draw_sample

            opened = options.read_release(settings.warehouse, config, release)
            sample = draw_sample(opened, n or 200, stratify=stratify.value, seed=seed)
            if not sample.pairs:
                raise CommandError(f"release {opened.id} has no pairs of different texts to judge")
            drawn = labels.add(opened.id, sample.strata, sample.pairs, stratify=stratify.value, seed=seed, who=name)
            task = drawn.task_id
            _print_task(drawn, json)
        if judge:
            queue = LabelQueue(store, task)
            opened = options.read_release(settings.warehouse, config, labels.task(task).release_id)
            judge_at_terminal(queue, opened, name, blind=True)
            note(f"`dedup evaluate --labels --task {queue.task_id[:8]}` says what it means")


def _print_task(task: LabelTask, json: bool) -> None:
    if json:
        print_json(_plain(task))
        return
    out().print(f"{task.task_id}  {plural(task.progress.total, 'pair')} of release {task.release_id}", markup=False)
    rows = [
        [s.name, _counted(s.population, s.population_se), f"{s.drawn:,}", _share(s.drawn, s.population)]
        for s in task.strata
    ]
    print_table([Column("pairs"), *(Column(h, right=True) for h in ("in the release", "drawn", "share"))], rows)
    note("`dedup label --judge` judges them here, `dedup inspect` on a page")


def _counted(population: float, error: float) -> str:
    return f"about {population:,.0f}" if error else f"{population:,.0f}"


def _share(drawn: int, population: float) -> str:
    return f"{drawn / population:.1%}" if population else "–"


def _plain(task: LabelTask) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(task)


def _print_tasks(tasks: list[LabelTask], json: bool) -> None:
    if json:
        print_json([_plain(task) for task in tasks])
        return
    if not tasks:
        note("no sample was drawn yet; `dedup label --n 200` draws one")
        return
    print_table(
        [Column("sample"), Column("release"), Column("stratify"), Column("judged", right=True), Column("drawn by")],
        [[t.task_id, t.release_id, t.stratify, f"{t.progress.done:,} of {t.progress.total:,}", t.who] for t in tasks],
    )


def print_labels(found: LabelScore, json: bool) -> None:
    """Print what a judged sample says of a release."""
    if json:
        print_json(found.as_dict())
        return
    out().print(f"release {found.release_id}, sample {found.task_id}", style="bold", markup=False)
    print_table([Column(""), Column("", right=True), Column("", flexible=True)], [list(r) for r in found.rows()],
                headings=False)  # fmt: skip
    out().print()
    heads = ["pairs", "in the release", "drawn", "same", "edition", "not same", "unsure"]
    print_table(
        [Column(h, right=h != "pairs") for h in heads],
        [
            [s.name, f"{s.population:,.0f}", *(f"{v:,}" for v in (s.drawn, s.same, s.edition, s.not_same, s.unsure))]
            for s in found.strata
        ],
    )


def thresholds(
    jaccard: Annotated[
        float | None, typer.Option("--jaccard", "--threshold", "-t", min=0, max=1, help="Jaccard threshold.",
                                   show_default=False),
    ] = None,
    edit: Annotated[
        float | None, typer.Option(min=0, max=1, help="Edit similarity below it.", show_default=False)
    ] = None,
    floor: Annotated[
        float | None, typer.Option(min=0, max=1, help="Jaccard from which that decides.", show_default=False)
    ] = None,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Say what other thresholds would make of a release: clusters, and sections that leave them."""
    from dedup.clusters.rethreshold import preview_thresholds, read_pairs

    pairs = read_pairs(options.read_release(warehouse, config, release))
    if jaccard is None and edit is None and floor is None:
        grid = [pairs.match.jaccard, *(t for t in _GRID if t > pairs.match.jaccard)]
        previews = [preview_thresholds(pairs, jaccard=t) for t in grid]
    else:
        previews = [preview_thresholds(pairs, jaccard=jaccard, edit=edit, floor=floor)]
    if json:
        print_json([_preview(found) for found in previews])
        return
    if len(previews) == 1:
        _print_preview(previews[0])
        return
    heads = ["Jaccard", "clusters", "with copies", "sections leave", "clusters lose some"]
    print_table(
        [Column(h, right=True) for h in heads],
        [
            [f"{p.match.jaccard:g}", *(f"{v:,}" for v in (p.clusters, p.with_copies, p.leaving, p.changed))]
            for p in previews
        ],
    )
    note(f"below them, {pairs.match.floor:g} with an edit similarity of {pairs.match.edit:g} still joins")


def _preview(found: ThresholdPreview) -> dict[str, object]:
    from dataclasses import asdict

    kept = ("jaccard", "floor", "edit")
    return asdict(found) | {"match": {name: getattr(found.match, name) for name in kept}}


def _print_preview(found: ThresholdPreview) -> None:
    out().print(found.describe(), markup=False)
    if found.undecided:
        note(f"{plural(found.undecided, 'pair')} were not measured and are taken as no copies")
    if not found.examples:
        return
    heads = ["leaves", "cluster", "stood with", "Jaccard", "edit"]
    print_table(
        [Column(h, right=h in ("Jaccard", "edit")) for h in heads],
        [
            [e.section_id, e.cluster_id, e.canonical_section, f"{e.jaccard:.3f}",
             "" if e.edit_similarity is None else f"{e.edit_similarity:.3f}"]
            for e in found.examples
        ],
    )  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command(epilog=_LABEL_EPILOG, rich_help_panel="Measure")(label)
    app.command(epilog=_THRESHOLDS_EPILOG, rich_help_panel="Measure")(thresholds)
