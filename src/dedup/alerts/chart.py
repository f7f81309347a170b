"""One figure over many runs, as an inline SVG that needs no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10

from dedup.alerts.series import Series, Value

WIDTH, HEIGHT = 420, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 12, 22


def line_chart(series: Series, labels: Sequence[str], marked: Sequence[bool]) -> str:
    """Return a chart of one figure; empty where nothing was measured.

    Parameters
    ----------
    series : n values
    labels : n names of runs
    marked : n, True where the run raised an alarm: its point is drawn larger, in another colour
    """
    known = series.known
    if not known:
        return ""
    bounds = [v for v in (*series.low, *series.high) if v is not None]
    low, high, step = _scale(min([*known, *bounds]), max([*known, *bounds]), unit=series.unit)
    across = WIDTH - _LEFT - _RIGHT
    down = HEIGHT - _TOP - _BOTTOM
    last = max(1, len(series.values) - 1)

    def x(i: int) -> float:
        return _LEFT + across * i / last if len(series.values) > 1 else _LEFT + across / 2

    def y(value: float) -> float:
        return _TOP + down * (1 - (value - low) / (high - low))

    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(series.title)}">'
        f"<title>{escape(series.title)}</title>"
    ]
    parts += [
        f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{escape(_short(series, tick))}</text>'
        for tick in _ticks(low, high, step)
    ]
    for i, anchor in {0: "start", len(labels) - 1: "end"}.items():
        at = x(i) if len(labels) > 1 else _LEFT + across / 2
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{escape(labels[i])}</text>')
    if series.low and series.high:
        for i, (a, b) in enumerate(zip(series.low, series.high, strict=True)):
            if a is not None and b is not None:
                parts.append(f'<line class="range" x1="{x(i):.1f}" x2="{x(i):.1f}" y1="{y(a):.1f}" y2="{y(b):.1f}"/>')
    for piece in _pieces(series.values):
        points = " ".join(f"{x(i):.1f},{y(value):.1f}" for i, value in piece)
        parts.append(f'<polyline class="line" points="{points}"/>')
    for i, value in enumerate(series.values):
        if value is None:
            continue
        kind, radius = ("alarm", 5) if marked[i] else ("point", 2.5)
        parts.append(
            f'<circle class="{kind}" cx="{x(i):.1f}" cy="{y(value):.1f}" r="{radius}">'
            f"<title>{escape(labels[i])}: {escape(series.written(value))}</title></circle>"
        )
    return "".join([*parts, "</svg>"])


def _pieces(values: Sequence[Value]) -> Iterator[list[tuple[int, float]]]:
    """Yield the stretches of values without a gap."""
    piece: list[tuple[int, float]] = []
    for i, value in enumerate(values):
        if value is not None:
            piece.append((i, value))
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def _scale(least: float, most: float, *, unit: str) -> tuple[float, float, float]:
    """Return the ends of an axis and the distance of its lines: round numbers that hold all values, and zero."""
    # An axis that does not begin at zero makes small changes look large; but 99.1 % and 99.9 % must be told apart.
    if least > 0 and not (unit == "%" and least > 0.5):
        least = 0.0
    if most <= least:
        most = least + (0.01 if unit == "%" else 1.0)
    # Nothing is counted in quarters.
    raw = max((most - least) / 4, 0.0 if unit else 1.0)
    size = 10.0 ** floor(log10(raw))
    step = next(size * n for n in (1, 2, 2.5, 5, 10) if size * n >= raw * 0.999)
    return floor(least / step + 1e-9) * step, ceil(most / step - 1e-9) * step, step


def _ticks(low: float, high: float, step: float) -> list[float]:
    return [low + i * step for i in range(round((high - low) / step) + 1)]


def _short(series: Series, value: float) -> str:
    """Return a number for an axis: `12k`, `99.5%`."""
    if series.unit == "%":
        return f"{value:.4%}".rstrip("0%").rstrip(".") + "%" if value else "0%"
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{sign}"
    return f"{value:.4g}"
