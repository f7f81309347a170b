"""Whose figure it is, where that is not the place the report speaks for: 全市 in the report of a county, 工业园区."""

from __future__ import annotations

import re
from collections import Counter

from dedup.extraction.zh.reading import Reading

_LEVELS = "国省市县区镇乡州旗盟村"
# 全县, 我县, 县政府; city and province governments are named by those below them too.
_OWN = re.compile(f"[全我](?=[{_LEVELS}])(?!区域|村|国|市场)[{_LEVELS}]|[县区镇乡旗](?=委|政府|人民政府|人大|政协)")
#: What 我县 says of the level of a report, and what 全省 does, which lower levels use to say how they rank.
_OURS, _PROVINCE = 3.0, 0.3
_PARK = re.compile(
    "(?:工业园区|产业园区|高新区|开发区|经开区|示范区|园区|景区|保税区|自贸区|矿区|垦区|林区)(?=[^，。]{2})"
)


class Scopes:
    """Tells the scopes of a text that are not its own.

    Parameters
    ----------
    reading : the text; the level it most often speaks of as 我… or 全… is its own
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        seen = Counter(match.group() for match in _OWN.finditer(reading.shadow))
        weights: dict[str, float] = {}
        for named, times in seen.items():
            level = named[-1]
            weight = _OURS if named[0] == "我" else _PROVINCE if level == "省" else 1.0
            weights[level] = weights.get(level, 0.0) + weight * times
        self._own = max(weights, key=weights.__getitem__, default="")
        self._park: tuple[int, str] | None = None

    def of(self, named: str | None, indicator: str, start: int) -> str | None:
        """Return the scope of a figure.

        Parameters
        ----------
        named : what stood before its subject (全市), None where nothing did
        indicator : its name, which may begin with a park or zone
        start : where its number stands; the park holds on to the end of its sentence or a semicolon
        """
        if named is not None:
            return None if named[0] in "我本" or (named[0] == "全" and named[1:2] == self._own) else named
        park = _PARK.match(indicator)
        if park is not None:
            self._park = (start, park.group())
        elif self._park is not None:
            shadow = self._reading.shadow
            since = self._park[0]
            if since < self._reading.sentence_start(start) or "；" in shadow[since:start]:
                self._park = None
        return self._park[1] if self._park is not None else None
