"""Two texts on a screen: only what differs, with a little of what stands around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dedup.cli.console import harmless, is_terminal, out, plural, width

if TYPE_CHECKING:
    from rich.text import Text

    from dedup.clusters.comparison import Comparison
    from dedup.clusters.differences import Difference

#: Kinds that say nothing else, so that a screen of them would hide the rest.
TRIVIAL = frozenset({"line_break", "space", "punctuation"})
#: Changed stretches longer than this are shown by their two ends.
LONG = 120
#: Differences that stand close together are shown together up to this many characters of A.
HUNK_CHARS = 200
#: Colours of what A has and B has; figures, units, years and masks stand out from words.
_STYLES = {
    "figure": ("bold white on red", "bold white on dark_green"),
    "unit": ("bold white on red", "bold white on dark_green"),
    "year": ("bold white on red", "bold white on dark_green"),
    "mask": ("bold black on yellow", "bold black on yellow"),
    "heading": ("bold red", "bold green"),
    "word": ("red", "green"),
    "passage_missing": ("red", "green"),
}
_QUIET = ("dim red", "dim green")
_NAMES = {
    "figure": ("figure", "figures"),
    "unit": ("unit", "units"),
    "year": ("year", "years"),
    "mask": ("mask", "masks"),
    "line_break": ("line break", "line breaks"),
    "space": ("space", "spaces"),
    "punctuation": ("sign", "signs"),
    "heading": ("heading", "headings"),
    "word": ("wording", "wordings"),
    "passage_missing": ("missing passage", "missing passages"),
}


@dataclass(frozen=True)
class Hunk:
    """Differences that stand close together, with what is equal between and around them.

    Attributes
    ----------
    parts : (kind, stretch of a, stretch of b); kind is 'same' for equal stretches
    """

    parts: tuple[tuple[str, str, str], ...]

    @property
    def kinds(self) -> list[str]:
        """Kinds of its differences, each once."""
        return list(dict.fromkeys(kind for kind, _, _ in self.parts if kind != "same"))


def cut_hunks(a: str, b: str, differences: Sequence[Difference], context: int) -> list[Hunk]:
    """Group differences that have at most `2 * context` characters between them.

    Parameters
    ----------
    differences : of a and b, all or some; what is left out counts as equal and reads as each text has it
    """
    groups: list[list[Difference]] = []
    for difference in differences:
        near = groups and difference.a_start - groups[-1][-1].a_end <= 2 * context
        if near and difference.a_end - groups[-1][0].a_start <= HUNK_CHARS:
            groups[-1].append(difference)
        else:
            groups.append([difference])
    hunks = []
    for i, group in enumerate(groups):
        # What stands around a hunk ends where its neighbours begin.
        least_a, least_b = (groups[i - 1][-1].a_end, groups[i - 1][-1].b_end) if i else (0, 0)
        most_a, most_b = (
            (groups[i + 1][0].a_start, groups[i + 1][0].b_start) if i + 1 < len(groups) else (len(a), len(b))
        )
        at_a, at_b = max(least_a, group[0].a_start - context), max(least_b, group[0].b_start - context)
        parts = [("same", "…" if at_a else "", "…" if at_b else "")]
        for d in group:
            parts += [("same", a[at_a : d.a_start], b[at_b : d.b_start]), (d.kind, d.a, d.b)]
            at_a, at_b = d.a_end, d.b_end
        end_a, end_b = min(most_a, at_a + context), min(most_b, at_b + context)
        parts.append(("same", a[at_a:end_a], b[at_b:end_b]))
        parts.append(("same", "…" if end_a < len(a) else "", "…" if end_b < len(b) else ""))
        hunks.append(Hunk(tuple(p for p in parts if p[1] or p[2])))
    return hunks


def count_line(counts: dict[str, int]) -> str:
    """Return `2 figures, 1 mask`, or `none`."""
    return ", ".join(plural(n, *_NAMES[kind]) for kind, n in counts.items()) or "none"


def print_differences(
    comparison: Comparison,
    *,
    context: int = 16,
    full: bool = False,
    side_by_side: bool = False,
    most: int = 60,
) -> None:
    """Print the differences of two texts.

    Parameters
    ----------
    full : also print what is only line breaks, spaces and signs, whole passages, and every hunk
    most : hunks to print when not `full`
    """
    differences = [d for d in comparison.differences if full or d.kind not in TRIVIAL]
    hidden = len(comparison.differences) - len(differences)
    hunks = cut_hunks(comparison.a, comparison.b, differences, context)
    shown = hunks if full else hunks[:most]
    for hunk in shown:
        _print_hunk(hunk, full, side_by_side)
    notes = [plural(len(hunks) - len(shown), "more place")] if len(hunks) > len(shown) else []
    if hidden:
        notes.append(plural(hidden, "difference") + " in line breaks, spaces and signs")
    if notes:
        out().print(f"… {' and '.join(notes)}; --full shows all", style="dim")


def _print_hunk(hunk: Hunk, full: bool, side_by_side: bool) -> None:
    label = ", ".join(_NAMES[kind][0] for kind in hunk.kinds)
    sides = [_text(hunk, side, full) for side in ("a", "b")] if side_by_side else [_text(hunk, "both", full)]
    console = out()
    if not is_terminal():
        for name, text in zip(("A  ", "B  ") if side_by_side else ("",), sides, strict=True):
            print(f"{label:<16}  {name}{text.plain}")
        return
    from rich.table import Table

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=16, style="dim", overflow="fold")
    room = (width() - 20) // len(sides) - 2
    for _ in sides:
        table.add_column(width=room, overflow="fold")
    table.add_row(label, *sides)
    console.print(table)


def _text(hunk: Hunk, side: str, full: bool) -> Text:
    """Return a hunk as one text (`both`) or as one of its sides; without colours, brackets mark what changed."""
    from rich.text import Text

    coloured = out().color_system is not None and not out().no_color
    text = Text()
    for kind, left, right in hunk.parts:
        if kind == "same":
            text.append(_visible(right if side == "b" else left))
            continue
        styles = _STYLES.get(kind, _QUIET)
        chosen = [(left, styles[0], "[-", "-]"), (right, styles[1], "{+", "+}")]
        for stretch, style, opening, closing in {"a": chosen[:1], "b": chosen[1:], "both": chosen}[side]:
            if not stretch:
                continue
            if coloured and side == "both" and left and opening == "{+":
                text.append("→", style="dim")
            words = _visible(stretch if full else _ends(stretch))
            text.append(words if coloured else f"{opening}{words}{closing}", style=style)
    return text


def _ends(stretch: str) -> str:
    if len(stretch) <= LONG:
        return stretch
    half = LONG // 2
    return f"{stretch[:half]} … {len(stretch) - 2 * half:,} characters … {stretch[-half:]}"


def _visible(text: str) -> str:
    """Return text with its line breaks as signs, so that a hunk is one paragraph."""
    return harmless(text.replace("\r\n", "\n").replace("\n", "⏎").replace("\t", " "))
