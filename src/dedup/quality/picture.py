"""On what years and places rest, as bars: which share is proved by the text, which is masked, overwritten or absent."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

#: Bases in the order of what they prove, with colours that also differ in lightness.
COLOURS = {
    "printed": "#1b5e3a",
    "resolved": "#3f8f63",
    "inferred": "#8cc3a3",
    "masked": "#e0b252",
    "overwritten": "#c2543d",
    "none": "#c9c9c9",
}
_OTHER = "#8d6cab"
_LABEL, _BAR, _NUMBER, _LINE, _HEIGHT = 210, 560, 110, 26, 16


def basis_bars(bases: Mapping[str, Mapping[str, int]]) -> str:
    """Return an inline SVG with a bar for each of `bases` that has rows; empty when none has.

    Parameters
    ----------
    bases : such as `observations.year` -> basis -> rows
    """
    found = {name: counts for name, counts in bases.items() if sum(counts.values())}
    if not found:
        return ""
    width, height = _LABEL + _BAR + _NUMBER, _LINE * (len(found) + 1) + 8
    parts = [
        f'<svg class="bases" viewBox="0 0 {width} {height}" role="img" aria-label="On what years and places rest">'
    ]
    for line, (name, counts) in enumerate(found.items()):
        parts += _bar(name, counts, line * _LINE)
    parts += _legend(found, _LINE * len(found) + 4)
    return "".join([*parts, "</svg>"])


def _ordered(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    order = list(COLOURS)
    return sorted(counts.items(), key=lambda item: (order.index(item[0]) if item[0] in order else len(order), item[0]))


def _bar(name: str, counts: Mapping[str, int], top: int) -> list[str]:
    total = sum(counts.values())
    middle = top + _HEIGHT - 3
    parts = [f'<text x="{_LABEL - 8}" y="{middle}" text-anchor="end">{escape(name.replace(".", ": "))}</text>']
    left = float(_LABEL)
    for basis, n in _ordered(counts):
        width = _BAR * n / total
        title = f"{basis}: {n:,} of {total:,} ({n / total:.1%})"
        parts.append(
            f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_HEIGHT}" '
            f'fill="{COLOURS.get(basis, _OTHER)}"><title>{escape(title)}</title></rect>'
        )
        left += width
    return [*parts, f'<text x="{_LABEL + _BAR + 8}" y="{middle}">{total:,}</text>']


def _legend(found: Mapping[str, Mapping[str, int]], top: int) -> list[str]:
    parts = []
    left = _LABEL
    for basis, _ in _ordered({basis: 0 for counts in found.values() for basis in counts}):
        parts.append(f'<rect x="{left}" y="{top}" width="11" height="11" fill="{COLOURS.get(basis, _OTHER)}"/>')
        parts.append(f'<text x="{left + 16}" y="{top + 10}">{escape(basis)}</text>')
        left += 34 + 7 * len(basis)
    return parts
