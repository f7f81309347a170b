"""Sizes that are part of a name: `投资5000万元以上企业10家` counts 10 enterprises and measures no investment.

Thresholds (以上, 超) and sizes stand before the noun they class, like any attribute; what tells them from figures is
that the noun is then counted itself, or that a bound word stands between number and noun.
"""

from __future__ import annotations

import re

from dedup.extraction.zh.names import noun_behind
from dedup.extraction.zh.predicates import read_predicate
from dedup.extraction.zh.quantity import Quantity
from dedup.extraction.zh.words import HEAD

_FIGURE_AHEAD = re.compile("的?(?:目标|任务|水平|增长|速度|比例|标准)|确保|并|且|和|及|或|左右|，|的?(?:高速|较快)")
_CLASSED = re.compile("(?:投资|占地|面积|收入|纳税|超|过|税收|产值|营业|死亡|资产|注册资本|规模)\\Z")
_PASSED = re.compile("(?:[超过逾达]|突破|超过)\\Z")
_SPENT = re.compile("(?:投资|投入|筹资|资金|安排|拨付|补助|争取|贷款|融资)\\Z")
_CLASSING = frozenset(("money", "area", "people", "count", "mass", "length"))


def is_size(quantity: Quantity, left: str, behind: str, following: Quantity | None) -> bool:
    """Say whether a quantity is part of a name.

    Parameters
    ----------
    quantity : what may be a size
    left : its clause before it
    behind : its clause behind it
    following : the next quantity of the same clause, None where there is none
    """
    if quantity.dimension in ("ratio", "ratio_points", "multiple") or quantity.form in ("rank", "fan", "ratio"):
        return False
    if left.endswith("每"):
        return True  # 每10万人口拥有大学生5600人
    ahead = behind[:1]
    noun = bool(ahead) and ("一" <= ahead <= "龥" or ahead in "“")
    counts = following is not None and following.dimension in ("count", "people")
    if (
        counts
        and following is not None
        and following.start == quantity.end
        and quantity.bound is not None
        and quantity.dimension == "money"
    ):
        return True  # 其中10亿元以上8个
    if (
        quantity.bound in ("at_least", "at_most")
        and quantity.form == "plain"
        and noun
        and not _FIGURE_AHEAD.match(behind)
    ):
        if quantity.dimension == "count" and not _CLASSED.search(left):
            # 新建5个以上示范点: the verb counts them.
            return not left or (
                read_predicate(left).subject == len(left) and not left.endswith(("新", "建", "成", "展", "育", "进"))
            )
        return True
    if (
        quantity.bound == "at_least"
        and following is not None
        and following.start == quantity.end
        and following.bound == "at_most"
    ):
        return True  # 处1万元以上5万元以下的罚款: a rule
    if behind.startswith("级") and not behind.startswith("级别"):
        return True  # 7亿吨级矿山
    if _PASSED.search(left) is not None and quantity.dimension in _CLASSING:
        if behind.startswith("的"):
            return not _FIGURE_AHEAD.match(behind) and bool(noun_behind(behind[1:]).name)
        if counts and (noun or (following is not None and following.start == quantity.end)):
            return True
    if quantity.dimension == "money" and noun and counts and noun_behind(behind).name:
        # 2万元养殖示范户5000户: no verb of spending, no measure before it.
        return _SPENT.search(left) is None and HEAD.search(left) is None and read_predicate(left).subject == 0
    # 永兴北路（54米路）
    return quantity.dimension in ("length", "area") and not left and len(behind) == 1 and noun
