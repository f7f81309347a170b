"""What cannot be: rates above 100, shares of more than the whole, falls of more than everything."""

from __future__ import annotations

import re
from math import inf

import pyarrow as pa
import pyarrow.compute as pc

from dedup.extraction.consistency.figures import Check, Figure, Figures
from dedup.extraction.indicators import indicators

#: Rates of those in a state among all that could be in it; 产销率, 完成率 or 毛入学率 may be more than all.
_AT_MOST_ALL = re.compile(
    "(?:覆盖|普及|参保|参合|巩固|合格|达标|优良|办结|结案|破案|满意|城镇化|城市化|绿化|绿地|失业|就业|入园|入学|升学|处理|清运"
    "|入户|通达|通畅|通车|硬化|开通|安全饮水|无害化|利用|兑现|识字|文盲|治愈|接种|死亡|发生|机械化|登记|持证|见面|答复"
    "|回复|录用|成活|保存|受益|入住|及格|毕业|发放)率$"
)
_MAY_EXCEED = re.compile("毛入|任务|计划|目标|预算|进度|完成率|增长率|产能利用|床")
_SHARE_MAY_EXCEED = re.compile("任务|计划|目标|预算|进度|上年|去年|同期|依存|债|贷|负|预期|占补|超")


def check_bounds(figures: Figures) -> list[Check]:
    """Return the checks that fail because a figure is outside what its indicator can be.

    What lies inside is no news: only failures are returned.
    """
    suspects = _suspects(figures)
    held = figures.load(suspects)
    return [check for row in suspects if (check := _outside(held[row])) is not None]


def _suspects(figures: Figures) -> list[int]:
    """Return rows that may be outside, found in whole columns."""
    table = figures.table
    codes, value = table.column("indicator_id"), table.column("value_base")
    known = list(indicators().values())
    at = pc.index_in(codes, pa.array([i.code for i in known]))
    low, high = (
        pa.array([x if x is not None else default for x in limits], pa.float64()).take(at)
        for limits, default in (([i.low for i in known], -inf), ([i.high for i in known], inf))
    )
    percent = pc.equal(table.column("unit_base"), "%")
    over = pc.and_(percent, pc.greater(value, 100))
    under = pc.and_(percent, pc.less(value, -100))
    outside = pc.or_kleene(pc.greater(value, high), pc.less(value, low))
    any_of = pc.or_kleene(pc.or_kleene(over, under), outside)
    return pc.indices_nonzero(pc.fill_null(any_of, False)).to_pylist()  # type: ignore[no-any-return]


def _outside(figure: Figure) -> Check | None:
    low, high, name = _limits(figure)
    # Also a bound (控制在8%以内) is outside where its own number cannot be.
    if figure.value - figure.rounding > high:
        return _failed(name, figure, f"{figure.written} <= {high:g}{figure.unit_base or ''}", high)
    if figure.value + figure.rounding < low:
        return _failed(name, figure, f"{figure.written} >= {low:g}{figure.unit_base or ''}", low)
    return None


def _limits(figure: Figure) -> tuple[float, float, str]:
    if figure.measure == "growth":
        return (-100.0 if figure.unit_base == "%" else -inf), inf, "fall_of_more_than_all"
    if figure.measure not in ("rate", "share", "level", "count"):
        return -inf, inf, ""
    if figure.indicator_id is not None:
        known = indicators()[figure.indicator_id]
        if figure.unit_base == known.unit:
            low = -inf if known.low is None else known.low
            high = inf if known.high is None else known.high
            return low, high, "outside_possible"
    if figure.unit_base != "%":
        return -inf, inf, ""
    if figure.measure == "share" and not _SHARE_MAY_EXCEED.search(figure.indicator + figure.quote):
        return 0.0, 100.0, "share_above_all"
    if _AT_MOST_ALL.search(figure.indicator) and not _MAY_EXCEED.search(figure.indicator):
        return 0.0, 100.0, "rate_above_all"
    return -inf, inf, ""


def _failed(name: str, figure: Figure, formula: str, limit: float) -> Check:
    return Check(name, (figure.row,), (), formula, figure.value, limit, figure.rounding, False)
