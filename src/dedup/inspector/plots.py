"""Pictures as SVG inside the page: no script, no style attribute; colours come from the style sheet by class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

#: Class names for the parts of stacked bars, in order; the style sheet gives each a colour that also differs in
#: lightness.
SERIES = ("s0", "s1", "s2", "s3", "s4", "s5", "s6")
_CHAR = 7.2
_HAN = 13.0


def text_width(text: str) -> float:
    """Return about how wide a label is at the size of the style sheet (12 px)."""
    return sum(_HAN if c > "\u2e7f" else _CHAR for c in text)


def _svg(width: float, height: float, label: str, parts: Sequence[str], kind: str) -> str:
    # A picture with links in it is a group to those who hear the page.
    role = "group" if any("<a " in part for part in parts) else "img"
    return (
        f'<svg class="plot {kind}" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'role="{role}" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    name = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{name}>{escape(words)}</text>'


def _rect(x: float, y: float, width: float, height: float, kind: str, title: str = "") -> str:
    inner = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}">'
        f"{inner}</rect>"
    )


@dataclass(frozen=True)
class Bar:
    """A bar with its parts.

    Attributes
    ----------
    name : beside the bar
    parts : name of the part -> number
    href : where a click on the name leads; None: nowhere
    """

    name: str
    parts: Mapping[str, float]
    href: str | None = None


def bars(
    label: str, rows: Sequence[Bar], *, relative: bool = False, width: int = 640, kinds: Mapping[str, str] | None = None
) -> str:
    """Return horizontal bars, one below the other, with a legend where they have several parts.

    Parameters
    ----------
    relative : every bar is as long as the others, its parts are shares
    kinds : part -> class of the style sheet; default: those of `SERIES` in order
    """
    if not rows:
        return ""
    names = list(dict.fromkeys(name for row in rows for name in row.parts))
    left = min(240.0, max(text_width(_cut(row.name, 30)) for row in rows) + 12)
    room, line, height = width - left - 70, 24.0, 14.0
    longest = max(sum(row.parts.values()) for row in rows) or 1
    kinds = kinds or {name: SERIES[n % len(SERIES)] for n, name in enumerate(names)}
    parts: list[str] = []
    for i, row in enumerate(rows):
        y, x = i * line + 4, left
        total = sum(row.parts.values())
        name = _text(left - 8, y + 11, _cut(row.name, 30), "end")
        parts.append(f'<a href="{escape(row.href)}">{name}</a>' if row.href else name)
        for part in names:
            value = row.parts.get(part, 0)
            wide = room * value / ((total or 1) if relative else longest)
            title = f"{part}: {value:,.0f}" if len(names) > 1 else f"{value:,.0f}"
            title += f" ({value / total:.1%})" if len(names) > 1 and total else ""
            if value:
                parts.append(_rect(x, y, max(wide, 1), height, kinds.get(part, "s5"), f"{row.name} · {title}"))
            x += wide
        parts.append(_text((left + room if relative else x) + 8, y + 11, f"{total:,.0f}", kind="value"))
    bottom = len(rows) * line + 6
    if len(names) > 1:
        parts += _legend(names, left, bottom + 4, kinds)
        bottom += 22
    return _svg(width, bottom, label, parts, "bars")


def _legend(names: Sequence[str], left: float, top: float, kinds: Mapping[str, str] | None = None) -> list[str]:
    parts: list[str] = []
    for n, name in enumerate(names):
        kind = kinds.get(name, "s5") if kinds else SERIES[n % len(SERIES)]
        parts += [_rect(left, top, 11, 11, kind), _text(left + 16, top + 10, name)]
        left += text_width(name) + 34
    return parts


def columns(
    label: str, names: Sequence[str], stacks: Mapping[str, Sequence[float]], *, width: int = 640, height: int = 190
) -> str:
    """Return upright bars over `names`, stacked by series.

    Parameters
    ----------
    stacks : series -> a number for each of `names`
    """
    totals = [sum(values[i] for values in stacks.values()) for i in range(len(names))]
    if not names or not max(totals, default=0):
        return ""
    left, base, top = 56.0, height - 22.0, 12.0
    step = (width - left - 6) / len(names)
    most = max(totals)
    parts = [
        f'<line class="axis" x1="{left}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}"/>'
        + _text(left - 6, y + 4, _tick(most * f), "end", "value")
        for f in (0.0, 0.5, 1.0)
        for y in (base - (base - top) * f,)
    ]
    every = max(1, math.ceil(max(text_width(name) for name in names) / step))
    for i, name in enumerate(names):
        x, y = left + i * step, base
        for n, (series, values) in enumerate(stacks.items()):
            tall = (base - top) * values[i] / most
            y -= tall
            if values[i]:
                words = f"{name} · {series}: {values[i]:,.0f}" if len(stacks) > 1 else f"{name}: {values[i]:,.0f}"
                parts.append(_rect(x + step * 0.1, y, step * 0.8, max(tall, 0.8), SERIES[n % len(SERIES)], words))
        if i % every == 0:
            parts.append(_text(x + step / 2, base + 15, name, "middle"))
    bottom = float(height)
    if len(stacks) > 1:
        parts += _legend(list(stacks), left, bottom + 4)
        bottom += 22
    return _svg(width, bottom, label, parts, "columns")


def _tick(value: float) -> str:
    for size, unit in ((1e6, "M"), (1e4, "k")):
        if value >= size:
            return f"{value / (1000 if unit == 'k' else size):,.0f}{unit}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def lines(
    label: str,
    names: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    *,
    width: int = 640,
    height: int = 150,
) -> str:
    """Return lines over `names`, such as one value for each run; a gap where a value is None."""
    known = [v for values in series.values() for v in values if v is not None]
    if not known:
        return ""
    left, base, top = 56.0, height - 22.0, 12.0
    most = max(known) or 1.0
    step = (width - left - 16) / max(1, len(names) - 1)
    parts = [
        f'<line class="axis" x1="{left}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}"/>'
        + _text(left - 6, y + 4, _tick(most * f), "end", "value")
        for f in (0.0, 0.5, 1.0)
        for y in (base - (base - top) * f,)
    ]
    for n, (name, values) in enumerate(series.items()):
        points = [
            (left + 8 + i * step, base - (base - top) * v / most, v, i) for i, v in enumerate(values) if v is not None
        ]
        kind = SERIES[n % len(SERIES)]
        parts.append(
            f'<polyline class="line {kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in points)}"/>'
        )
        parts += [
            f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3">'
            f"<title>{escape(f'{names[i]} · {name}: {v:,.6g}')}</title></circle>"
            for x, y, v, i in points
        ]
    every = max(1, math.ceil(max(text_width(name) for name in names) / max(step, 1)))
    parts += [
        _text(
            left + 8 + i * step, base + 15, name, "middle" if 0 < i < len(names) - 1 else ("start" if i == 0 else "end")
        )
        for i, name in enumerate(names)
        if i % every == 0
    ]
    bottom = float(height)
    if len(series) > 1:
        parts += _legend(list(series), left, bottom + 4)
        bottom += 22
    return _svg(width, bottom, label, parts, "lines")


def matrix(
    label: str, names: Sequence[str], values: Sequence[Sequence[float | None]], hrefs: Sequence[Sequence[str | None]]
) -> str:
    """Return a square of cells, darker where two members are more alike; empty where nothing is known of a pair."""
    side, left = max(16.0, min(40.0, 560 / max(1, len(names)))), 40.0
    parts: list[str] = []
    for i, name in enumerate(names):
        parts.append(_text(left - 8, 24 + (i + 0.5) * side + 4, name, "end"))
        parts.append(_text(left + (i + 0.5) * side, 18, name, "middle"))
        for j, value in enumerate(values[i]):
            step = "none" if value is None else f"q{min(9, int(value * 10))}"
            words = "" if value is None else f"{name} – {names[j]}: {value:.3f}"
            cell = _rect(left + j * side + 1, 24 + i * side + 1, side - 2, side - 2, f"cell {step}", words)
            if value is not None and side >= 30 and i != j:
                kind = "cell-value dark" if value >= 0.6 else "cell-value"
                cell += _text(
                    left + (j + 0.5) * side,
                    24 + (i + 0.5) * side + 4,
                    f"{value:.2f}"[1:] if value < 1 else "1",
                    "middle",
                    kind,
                )
            href = hrefs[i][j]
            parts.append(f'<a href="{escape(href)}">{cell}</a>' if href else cell)
    size = left + len(names) * side + 4
    return _svg(size, 28 + len(names) * side, label, parts, "matrix")


@dataclass(frozen=True)
class Tie:
    """Text that two nodes of a network share."""

    source: str
    target: str
    weight: float
    title: str


def network(label: str, sizes: Mapping[str, float], ties: Sequence[Tie], *, width: int = 760, height: int = 560) -> str:
    """Return nodes on a ring, the largest first, and ties between them, wider where more is shared.

    Parameters
    ----------
    sizes : node -> its size, in the order in which they stand on the ring
    ties : between them
    """
    if not sizes:
        return ""
    middle_x, middle_y = width / 2, height / 2
    radius_x, radius_y = width / 2 - 150, height / 2 - 46
    at: dict[str, tuple[float, float, float]] = {}
    for i, name in enumerate(sizes):
        angle = 2 * math.pi * i / len(sizes) - math.pi / 2
        at[name] = middle_x + radius_x * math.cos(angle), middle_y + radius_y * math.sin(angle), angle
    most = max((tie.weight for tie in ties), default=1) or 1
    parts: list[str] = []
    for tie in sorted(ties, key=lambda tie: tie.weight):
        if tie.source == tie.target or tie.source not in at or tie.target not in at:
            continue
        (x1, y1, _), (x2, y2, _) = at[tie.source], at[tie.target]
        strength = tie.weight / most
        level = 1 + min(4, int(strength**0.5 * 5))
        parts.append(
            f'<path class="tie t{level}" d="M{x1:.1f},{y1:.1f} Q{(x1 + x2) / 4 + middle_x / 2:.1f},'
            f'{(y1 + y2) / 4 + middle_y / 2:.1f} {x2:.1f},{y2:.1f}" stroke-width="{0.8 + 7 * strength**0.5:.1f}">'
            f"<title>{escape(tie.title)}</title></path>"
        )
    biggest = max(sizes.values()) or 1
    for name, size in sizes.items():
        x, y, angle = at[name]
        r = 4 + 9 * (size / biggest) ** 0.5
        right = math.cos(angle)
        anchor = "middle" if abs(right) < 0.2 else ("start" if right > 0 else "end")
        away = r + 5
        label_y = y + 4 if anchor != "middle" else (y - away - 2 if math.sin(angle) < 0 else y + away + 12)
        label_x = x if anchor == "middle" else (x + away if right > 0 else x - away)
        parts.append(
            f'<circle class="node" cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}">'
            f"<title>{escape(f'{name}: {size:,.0f}')}</title></circle>"
        )
        parts.append(_text(label_x, label_y, _cut(name, 18), anchor))
    return _svg(width, height, label, parts, "network")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
