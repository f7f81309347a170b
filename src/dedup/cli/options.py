"""Options that several verbs share, and what they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dedup.cli.failures import USAGE, CommandError

if TYPE_CHECKING:
    from dedup.releases import Release
    from dedup.settings import FingerprintSettings, MatchSettings, Settings, TextSettings


def _resolved(warehouse: Path | None) -> Path | None:
    """Return the folder that stands for an address in an object store; paths as they are."""
    from dedup.workspaces import local_folder

    try:
        return local_folder(warehouse) if warehouse is not None else None
    except ValueError as error:
        raise CommandError(f"--warehouse: {error}", USAGE) from None


Warehouse = Annotated[
    Path | None,
    typer.Option(
        "--warehouse", "-w", help="Folder that holds the releases, or s3://bucket/prefix. Default: as configured, "
        "else ./warehouse.", show_default=False, callback=_resolved,
    ),
]  # fmt: skip
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Configuration file. Default: dedup.toml in the working folder.", show_default=False
    ),
]
ReleaseId = Annotated[
    str | None,
    typer.Option("--release", "-r", help="Release to read, such as 2026-11-21.1. Default: the newest.",
                 show_default=False),
]  # fmt: skip
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def read_settings(config: Path | None, warehouse: Path | None = None) -> Settings:
    """Return the settings of a command."""
    from dedup.settings import load_settings

    return load_settings(config, warehouse=warehouse)


def read_release(warehouse: Path | None, config: Path | None, release: str | None = None) -> Release:
    """Open the release a command reads; the configuration is only asked where it is not named."""
    from dedup.releases import open_release

    folder = warehouse if warehouse is not None else read_settings(config).warehouse
    return open_release(folder, release)


def must_hold(release: Release, dataset: str) -> None:
    """Refuse a release that lacks a dataset: one published before it existed."""
    if dataset not in release.datasets:
        raise CommandError(
            f"release {release.id} was published without {dataset}; `dedup run` publishes one that has them"
        )


def release_settings(release: Release) -> tuple[MatchSettings, FingerprintSettings, TextSettings]:
    """Return the settings a release was made with, from its manifest; defaults where it is silent."""
    from dedup.settings import FingerprintSettings, MatchSettings, TextSettings

    stored = release.manifest.get("settings") or {}

    def read(model: type[Any], name: str) -> Any:
        # A manifest of another version may hold settings that this one does not know.
        return model(**{k: v for k, v in (stored.get(name) or {}).items() if k in model.model_fields})

    return read(MatchSettings, "match"), read(FingerprintSettings, "fingerprint"), read(TextSettings, "text")


#: Columns of a narrow terminal, less the margins of a help page.
_HELP_COLUMNS = 76


def examples(*lines: tuple[str, str], after: str = "") -> str:
    """Return the end of a help page: what to type, and what it does; then a last paragraph."""
    columns = max(len(command) for command, _ in lines)
    beside = all(columns + 4 + len(what) <= _HELP_COLUMNS for _, what in lines)
    shown = []
    for command, what in lines:
        text = command.replace("[", "\\[")
        if what and beside:
            text += " " * (columns - len(command)) + f"  [dim]{what}[/dim]"
        elif what:
            text += f"\n      [dim]{what}[/dim]"
        shown.append(f"  {text}")
    return "\n".join(["[bold]Examples[/bold]", *shown, *(["", after] if after else [])])
