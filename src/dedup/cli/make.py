"""`dedup init` and `dedup sample`: a configuration to start from, and pages with known truth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dedup.cli import options
from dedup.cli.console import note, plural, print_json
from dedup.cli.failures import USAGE, CommandError

_INIT_EPILOG = options.examples(
    ("dedup init", "a dedup.toml with every setting explained"),
    ("dedup init --from crawl/", "also looks into crawl/ and declares what it finds"),
)
_SAMPLE_EPILOG = options.examples(
    ("dedup sample --pages 200 --seed 7 sample/", "200 pages and their truth"),
    ("dedup run --config sample/dedup.toml -w /tmp/w", "run on them"),
    ("dedup evaluate sample/ -w /tmp/w", "and see how many copies were found"),
)


def init(
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Folder or file with pages: its sources, formats and columns are proposed.",
                     show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a dedup.toml that is there.")] = False,
    config: Annotated[Path, typer.Option("--config", "-c", help="File to write.")] = Path("dedup.toml"),
    warehouse: Annotated[str, typer.Option("--warehouse", "-w", help="Folder for the releases.")] = "warehouse",
) -> None:  # fmt: skip
    """Write a dedup.toml: sources, columns, what a near-duplicate is; every setting with its default and meaning."""
    from dedup.settings import load_settings
    from dedup.sources import propose_config
    from dedup.sources.locate import list_entries

    if config.exists() and not force:
        raise CommandError(f"{config} is there already; --force overwrites it, --config writes another file", USAGE)
    if source is not None and not source.exists():
        raise CommandError(f"{source}: no such file or folder", USAGE)
    text = propose_config(source, warehouse)
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(text, encoding="utf-8")
    found = load_settings(config).sources
    flag = "" if config.name == "dedup.toml" and config.parent == Path() else f" --config {config}"
    print(f"{config} written, {plural(len(found), 'source')} declared")
    for declared in found:
        if next(iter(list_entries(declared)), None) is None:
            note(f"{declared.path} holds no files yet; pages that are put there are read by the next run")
    if found:
        print(f"next        dedup run{flag} --limit 50 --dry-run  ·  dedup run{flag}")
    else:
        print(f"next        declare a [[source]] in {config}, or name pages: dedup run PATH")


def sample(
    out: Annotated[Path, typer.Argument(help="Folder to write to.")],
    pages: Annotated[int, typer.Option(min=1, help="Pages to make; each holds 1 to 20 reports.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes everywhere.")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that is not empty.")] = False,
    json: options.Json = False,
) -> None:
    """Make pages of invented reports with known truth: sections, copies, variants, passages and figures."""
    from dataclasses import asdict

    from dedup.evaluation import write_sample

    if out.exists() and not out.is_dir():
        raise CommandError(f"{out} is a file; name a folder", USAGE)
    if out.is_dir() and any(out.iterdir()) and not force:
        raise CommandError(f"{out} is not empty; name another folder, or --force to write into it", USAGE)
    if sys.stderr.isatty() and not json:
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bars:
            bar = bars.add_task("pages", total=pages)
            truth = write_sample(out, pages, seed, progress=lambda done, _: bars.update(bar, completed=done))
    else:
        truth = write_sample(out, pages, seed)
    if json:
        print_json(asdict(truth))
        return
    print(
        f"{plural(truth.pages, 'page')} in {out}: {plural(truth.sections, 'section')}, "
        f"{plural(truth.reports, 'report')}, {plural(truth.copies, 'copy')}, {plural(truth.variants, 'variant')}, "
        f"{plural(truth.essays, 'essay')}; truth: {plural(truth.pairs, 'pair')}, "
        f"{plural(truth.passages, 'passage')}, {plural(truth.figures, 'figure')}"
    )
    if (out / "dedup.toml").is_file():
        note(f"next        dedup run --config {out / 'dedup.toml'}  ·  dedup evaluate {out}")


def register_start(app: typer.Typer) -> None:
    """Add `init`."""
    app.command(epilog=_INIT_EPILOG, rich_help_panel="Run")(init)


def register_sample(app: typer.Typer) -> None:
    """Add `sample`."""
    app.command(epilog=_SAMPLE_EPILOG, rich_help_panel="Measure")(sample)
