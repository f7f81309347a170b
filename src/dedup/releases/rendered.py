"""Pages rendered as files: where they were written, so that those of forgotten pages are found again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dedup.releases.errors import WarehouseError
from dedup.releases.layout import MANIFEST, RELEASES, explained, write_json

#: File in a folder of rendered pages that names the release they show; only a folder that has it is ever removed.
MARK = ".dedup-inspect"
#: File of the warehouse with the folders that pages of its releases were written to.
RENDERED = "rendered.json"
#: Levels below the warehouse on which such folders are looked for.
_DEEPEST = 3


@dataclass(frozen=True)
class RenderedPages:
    """A folder of pages, and the release they show."""

    folder: Path
    release_id: str


def note_rendered(warehouse: Path, folder: Path) -> bool:
    """Remember where pages of a release of this warehouse were written; False where there is none to write to."""
    if (warehouse / MANIFEST).is_file():
        # A release was named instead of its warehouse; nothing is ever added to a release.
        warehouse = warehouse.resolve().parent.parent
    if not (warehouse / RELEASES).is_dir():
        return False
    folders = sorted({*_noted(warehouse), str(folder.resolve())})
    try:
        with explained(warehouse):
            write_json(warehouse / RENDERED, {"folders": folders})
    except WarehouseError:
        return False
    return True


def find_rendered(warehouse: Path) -> list[RenderedPages]:
    """Return the folders of pages that are there: those that were noted, and those inside the warehouse."""
    inside = [
        path.parent
        for depth in range(1, _DEEPEST + 1)
        for path in warehouse.glob("*/" * depth + MARK)
        if path.relative_to(warehouse).parts[0] not in ("releases", "rejected", "staging")
    ]
    folders = {*(Path(name) for name in _noted(warehouse)), *(path.resolve() for path in inside)}
    return [
        RenderedPages(folder, (folder / MARK).read_text("utf-8", "replace").strip())
        for folder in sorted(folders)
        if (folder / MARK).is_file()
    ]


def _noted(warehouse: Path) -> list[str]:
    try:
        value = json.loads((warehouse / RENDERED).read_bytes())
        return [str(name) for name in value["folders"]]
    except (OSError, ValueError, KeyError, TypeError):
        # Nothing was noted, or the note is damaged; folders inside the warehouse are found without it.
        return []
