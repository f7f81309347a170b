"""A precision and recall curve as a picture, without a plotting library."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 720, 444
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 78, 56
_INK, _GRID, _PAPER = "#1f2933", "#e3e8ee", "#ffffff"
_SERIES = (("recall", "recall", "#1764ab"), ("precision", "precision", "#c2410c"))


class CurvePoint(NamedTuple):
    """What would be found at a threshold; a measure is None where nothing is left to measure."""

    threshold: float
    recall: float | None
    precision: float | None
    pairs: int


def draw_curve(points: Sequence[CurvePoint], title: str, note: str, mark: float | None = None) -> str:
    """Return an SVG picture of recall and precision against the threshold.

    Parameters
    ----------
    points : ascending thresholds
    title, note : heading and the line below it
    mark : threshold in use, drawn as a dashed line
    """
    low = points[0].threshold if points else 0.0
    x0, x1, y0, y1 = LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM, TOP

    def x(value: float) -> float:
        return x0 + (value - low) / ((1.0 - low) or 1.0) * (x1 - x0)

    def y(value: float) -> float:
        return y0 - value * (y0 - y1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{_INK}" role="img" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{_PAPER}"/>',
        f'<text x="{LEFT}" y="24" font-size="16" font-weight="600">{escape(title)}</text>',
        f'<text x="{LEFT}" y="43" fill="#52606d">{escape(note)}</text>',
    ]
    for step in range(6):
        value = step / 5
        parts.append(f'<line x1="{x0}" x2="{x1}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="{_GRID}"/>')
        parts.append(f'<text x="{x0 - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.1f}</text>')
    for step in range(11):
        value = step / 10
        if value >= low - 1e-9:
            parts.append(f'<line x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{y0}" y2="{y0 + 5}" stroke="{_INK}"/>')
            parts.append(f'<text x="{x(value):.1f}" y="{y0 + 19}" text-anchor="middle">{value:.1f}</text>')
    parts.append(f'<line x1="{x0}" x2="{x1}" y1="{y0}" y2="{y0}" stroke="{_INK}"/>')
    middle = (x0 + x1) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 14}" text-anchor="middle">smallest Jaccard similarity kept</text>')
    if mark is not None and low <= mark <= 1:
        parts.append(
            f'<line x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="{y1}" y2="{y0}" stroke="#7b8794" stroke-dasharray="4 4"/>'
            f'<text x="{x(mark) + 5:.1f}" y="{y0 - 8}" fill="#52606d">setting {mark:g}</text>'
        )
    for i, (name, label, colour) in enumerate(_SERIES):
        steps = [(p.threshold, getattr(p, name)) for p in points]
        line = " ".join(f"{x(t):.1f},{y(v):.1f}" for t, v in steps if v is not None)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.2"/>')
        legend = x1 - 190 + i * 100
        parts.append(f'<line x1="{legend}" x2="{legend + 22}" y1="61" y2="61" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{legend + 28}" y="65">{label}</text>')
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
