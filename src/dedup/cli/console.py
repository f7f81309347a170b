"""What goes to the screen: colours and bars for people, plain text for pipes, JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


@cache
def _consoles() -> dict[str, Console]:
    return {}


def out() -> Console:
    """Return the console for results: colours on a terminal only, and not when NO_COLOR is set."""
    from rich.console import Console

    # Made anew when stdout is another one, as in tests and captured output.
    known = _consoles().get("out")
    if known is None or known.file is not sys.stdout:
        # Piped text is as wide as it is: a line that is folded at 80 cannot be searched.
        width = None if sys.stdout.isatty() else 100_000
        known = Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=width, emoji=False)
        _consoles()["out"] = known
    return known


def is_terminal() -> bool:
    """Whether results go to a person's screen."""
    return sys.stdout.isatty()


def width(least: int = 60, most: int = 140) -> int:
    """Return the columns that text may take: of the terminal, or 100 where there is none."""
    import shutil

    columns = shutil.get_terminal_size((100, 24)).columns if is_terminal() else 100
    return max(least, min(most, columns))


def note(message: str) -> None:
    """Say something to the person, apart from the results."""
    print(message, file=sys.stderr)


def print_json(value: Any) -> None:
    """Print a value as JSON, one document, UTF-8."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=plain_value))


def plain_value(value: Any) -> Any:
    """Return what JSON can hold for a value that it cannot."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    return str(value)


_IRREGULAR = {"copy": "copies", "essay": "essays", "page": "pages", "appendix": "appendices", "preamble": "preambles"}


def plural(n: int, noun: str, many: str | None = None) -> str:
    """Return `1 page`, `2 pages`, `12,000 copies`."""
    return f"{n:,} {noun if n == 1 else many or _IRREGULAR.get(noun, noun + 's')}"


def shorten(text: str, most: int) -> str:
    """Return one line of at most `most` terminal columns."""
    from rich.cells import cell_len, set_cell_size

    line = " ".join(text.split())
    return line if cell_len(line) <= most else set_cell_size(line, most - 1).rstrip() + "…"


def print_table(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their headings.

    Parameters
    ----------
    columns : heading and `left` or `right`
    """
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False, padding=(0, 2, 0, 0))
    for heading, side in columns:
        table.add_column(heading, justify="right" if side == "right" else "left", no_wrap=True, overflow="ignore")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    out().print(table)
