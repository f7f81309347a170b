"""Bars and curves as SVG, without a plotting library, in colours that read on light and dark backgrounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

INK, GRID, OURS, THEIRS, FADED = "#808891", "#80889155", "#1f8a5b", "#5b7fb4", "#9aa5b1"
_OPEN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
    'font-family="system-ui, sans-serif" font-size="12" fill="{ink}" role="img" aria-label="{title}">\n'
    '<text x="12" y="20" font-size="14" font-weight="600">{title}</text>'
)


def draw_bars(title: str, bars: Sequence[tuple[str, float, str]], unit: str) -> str:
    """Return horizontal bars on a logarithmic scale.

    Parameters
    ----------
    bars : name, value above 0, and kind: "ours", "theirs" or "other" (a way their documentation does not show)
    """
    width, left, right, row = 720, 210, 70, 24
    height = 58 + row * len(bars) + 24
    low = math.floor(math.log10(min(v for _, v, _ in bars)))
    high = math.ceil(math.log10(max(v for _, v, _ in bars)))
    high = max(high, low + 1)

    def x(value: float) -> float:
        return left + (math.log10(value) - low) / (high - low) * (width - left - right)

    parts = [_OPEN.format(w=width, h=height, ink=INK, title=escape(title))]
    bottom = 40 + row * len(bars)
    for power in range(low, high + 1):
        at = x(10.0**power)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="34" y2="{bottom}" stroke="{GRID}"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 16}" text-anchor="middle">{10.0**power:g}</text>')
    parts.append(f'<text x="{width - 12}" y="{bottom + 34}" text-anchor="end">{escape(unit)}, logarithmic</text>')
    colours = {"ours": OURS, "theirs": THEIRS, "other": FADED}
    for i, (name, value, kind) in enumerate(bars):
        y = 40 + i * row
        parts.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
        parts.append(
            f'<rect x="{left}" y="{y}" width="{x(value) - left:.1f}" height="16" rx="2" fill="{colours[kind]}"/>'
            f'<text x="{x(value) + 6:.1f}" y="{y + 13}">{value:.3g}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def draw_curves(title: str, curves: Sequence[tuple[str, Sequence[tuple[float, float]]]], axes: tuple[str, str]) -> str:
    """Return curves on two logarithmic scales.

    Parameters
    ----------
    curves : name and points (x, y), all above 0
    axes : what stands below and beside
    """
    width, height, left, right, top, bottom = 720, 360, 64, 120, 44, 52
    xs = [math.log10(p[0]) for _, points in curves for p in points]
    ys = [math.log10(p[1]) for _, points in curves for p in points]
    x_low, x_high = math.floor(min(xs)), max(math.ceil(max(xs)), math.floor(min(xs)) + 1)
    y_low, y_high = math.floor(min(ys)), max(math.ceil(max(ys)), math.floor(min(ys)) + 1)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            left + (math.log10(x) - x_low) / (x_high - x_low) * (width - left - right),
            height - bottom - (math.log10(y) - y_low) / (y_high - y_low) * (height - top - bottom),
        )

    parts = [_OPEN.format(w=width, h=height, ink=INK, title=escape(title))]
    for power in range(x_low, x_high + 1):
        at, floor = place(10.0**power, 10.0**y_low)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{floor:.1f}" stroke="{GRID}"/>')
        parts.append(f'<text x="{at:.1f}" y="{floor + 16:.1f}" text-anchor="middle">{10**power:,g}</text>')
    for power in range(y_low, y_high + 1):
        start, at = place(10.0**x_low, 10.0**power)
        parts.append(f'<line x1="{start}" x2="{width - right}" y1="{at:.1f}" y2="{at:.1f}" stroke="{GRID}"/>')
        parts.append(f'<text x="{start - 8}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    parts.append(
        f'<text x="{(left + width - right) / 2}" y="{height - 12}" text-anchor="middle">{escape(axes[0])}</text>'
    )
    parts.append(f'<text x="12" y="37">{escape(axes[1])}</text>')
    for (name, points), colour in zip(curves, (OURS, THEIRS, "#c2703d", FADED), strict=False):
        placed = [place(*p) for p in points]
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in placed)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.2" fill="{colour}"/>' for a, b in placed]
        parts.append(
            f'<text x="{placed[-1][0] + 8:.1f}" y="{placed[-1][1] + 4:.1f}" fill="{colour}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"
