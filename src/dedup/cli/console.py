"""What goes to the screen: colours and bars for people, plain text for pipes, JSON for scripts."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


@cache
def out() -> Console:
    """Return the console for results: colours on a terminal only, and not when NO_COLOR is set."""
    from rich.console import Console

    # Piped text is as wide as it is: a line that is folded at 80 cannot be searched.
    piped = not sys.stdout.isatty()
    return Console(highlight=False, emoji=False, soft_wrap=piped, width=100_000 if piped else None)


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
    print(harmless(message), file=sys.stderr)


#: Control characters but line feed and tab, and the marks that turn the direction of writing around.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """Return text without characters that drive a terminal: pages are written by strangers."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


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

    line = harmless(" ".join(text.split()))
    return line if cell_len(line) <= most else set_cell_size(line, most - 1).rstrip() + "…"


@dataclass(frozen=True)
class Column:
    """A column of a printed table; a flexible one is shortened where the terminal is too narrow."""

    heading: str
    right: bool = False
    flexible: bool = False


#: A flexible column keeps at least this many columns of the terminal.
_LEAST_FLEXIBLE = 16


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, headings: bool = True) -> None:
    """Print rows under their headings; ids and figures are never cut, and nothing is in a pipe."""
    from rich.cells import cell_len
    from rich.text import Text

    cells = [[harmless(" ".join(cell.split())) for cell in row] for row in rows]
    widths = [max([cell_len(c.heading), *(cell_len(row[i]) for row in cells)]) for i, c in enumerate(columns)]
    if is_terminal():
        flexible = [i for i, c in enumerate(columns) if c.flexible]
        excess = sum(widths) + 2 * (len(widths) - 1) - width(most=10_000)
        while excess > 0 and any(widths[i] > _LEAST_FLEXIBLE for i in flexible):
            widths[max(flexible, key=lambda i: widths[i])] -= 1
            excess -= 1

    def line(values: Sequence[str]) -> str:
        parts = []
        for value, column, columns_wide in zip(values, columns, widths, strict=True):
            text = shorten(value, columns_wide)
            pad = " " * (columns_wide - cell_len(text))
            parts.append(pad + text if column.right else text + pad)
        return "  ".join(parts).rstrip()

    console = out()
    if headings:
        console.print(Text(line([c.heading for c in columns]), "bold", no_wrap=True), overflow="ignore", crop=False)
    for row in cells:
        console.print(Text(line(row), no_wrap=True), overflow="ignore", crop=False)


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Print a label and a sentence per line."""
    from rich.text import Text

    for label, words in facts:
        out().print(Text.assemble((f"{label:<12}", "bold"), harmless(words)))
