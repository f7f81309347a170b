"""From the alignment of a formula's variants to its skeleton: where the slots are and what they are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dedup.text.characters import HAN, NUMERALS

#: Share of the values that must look like a kind before a slot is named after it.
_MOST = 0.8
#: Fewer kept characters between two slots are given up.
_LEAST_ISLAND = 2
_YEAR = re.compile(r"(?:(?:19|20)[0-9x]{2}|[二一][〇零○九][〇零一二三四五六七八九]{2})年?|20年?|x{2,4}年|[0-9]{2}年")
_NUMBER = re.compile(rf"[0-9x{NUMERALS}千万亿半几]+")
_PLACE_END = "省市县区镇乡州旗盟村"
_PLACE = re.compile(rf"(?:[{HAN}x]{{0,10}}[{_PLACE_END}]|[{HAN}]{{1,8}}(?:街道|新区|农场|林场))")
#: Words that end like a place and are none.
_NO_PLACE = re.compile(
    "(?:社|地|园|小|景|辖|灾|山|库|林|牧|校|城|郊|矿|片|厂|老|特|功能|示范|开发|保税|保护|控制|规划)区$"
    "|(?:城|超|上|股|楼|都|门|夜|集|菜)市$|(?:农|山|乡|新|进|示范|文明)村$|(?:城|乡|重|市|村)镇$|(?:城|下|返|家|老)乡$"
)
_PERSON_AFTER = re.compile("同志|先生|女士|主席|总书记|书记|省长|市长|县长|区长|镇长|乡长")
_WORD = re.compile(rf"[{HAN}x]+")
_PERSON = re.compile(rf"[{HAN}]{{2,4}}|x{{2,3}}")
_DEICTIC = "全我本各该某"


@dataclass
class Variants:
    """A leader and the aligned wordings of its formula.

    Attributes
    ----------
    texts : normalised texts, the leader's first
    places : for each text the normalised characters before each token, and their number
    matches : for each text the token each of the leader's tokens stands for, -1 for none
    keep : which of the leader's t tokens all texts share
    cut : (t + 1,) before which of them some text inserts something
    """

    texts: Sequence[str]
    places: Sequence[Sequence[int]]
    matches: Sequence[Sequence[int]]
    keep: list[bool]
    cut: list[bool]

    @property
    def tokens(self) -> int:
        """Number of the leader's tokens."""
        return len(self.keep)

    @property
    def kept_chars(self) -> int:
        """Normalised characters of the leader that the skeleton keeps."""
        at = self.places[0]
        return sum(at[i + 1] - at[i] for i in range(self.tokens) if self.keep[i])

    def token(self, i: int) -> str:
        """Return a token of the leader."""
        return self.texts[0][self.places[0][i] : self.places[0][i + 1]]

    def slots(self) -> list[tuple[int, int]]:
        """Return the slots: kept tokens before and after each, -1 and t at the ends."""
        found: list[tuple[int, int]] = []
        keep, cut, tokens = self.keep, self.cut, self.tokens
        last = -1
        for i in range(tokens + 1):
            if i < tokens and not keep[i]:
                continue
            if i > last + 1 or cut[i]:
                found.append((last, i))
            last = i
        return found

    def values(self, slot: tuple[int, int]) -> list[str]:
        """Return what stands in a slot, in each text."""
        before, after = slot
        out = []
        for text, places, match in zip(self.texts, self.places, self.matches, strict=True):
            start = places[match[before] + 1] if before >= 0 else 0
            end = places[match[after]] if after < self.tokens else len(text)
            out.append(text[start:end])
        return out


def shape_slots(variants: Variants) -> list[tuple[int, int, str]]:
    """Return the slots of a formula as (kept token before, kept token after, name); `keep` is changed on the way.

    Single characters between two slots are given up unless both are numbers; `2023年` and `甲市` become values as a
    whole where the word behind still belongs to the skeleton.
    """
    _give_up_islands(variants)
    for slot in reversed(variants.slots()):
        values = variants.values(slot)
        after = slot[1]
        if after >= variants.tokens:
            continue
        if variants.token(after) == "年" and _share(_YEAR, [v + "年" for v in values if v]) >= _MOST:
            if _any_year(values) and _goes_on(variants, after):
                variants.keep[after] = False
        elif (width := _place_ahead(variants, slot, values)) and _goes_on(variants, after + width - 1):
            for i in range(after, after + width):
                variants.keep[i] = False
    return [(*slot, _name(variants, slot)) for slot in variants.slots()]


def number_slots(names: Sequence[str]) -> list[str]:
    """Return the names with those that repeat numbered: number, number2, number3."""
    seen: Counter[str] = Counter()
    out = []
    for name in names:
        seen[name] += 1
        out.append(name if seen[name] == 1 else f"{name}{seen[name]}")
    return out


def _give_up_islands(variants: Variants) -> None:
    at = variants.places[0]
    while True:
        # Few slots are so near each other; their values are looked at for these alone.
        islands = [
            left[1]
            for left, right in pairwise(variants.slots())
            if left[1] == right[0]
            and at[right[0] + 1] - at[left[1]] < _LEAST_ISLAND
            and not all(_share(_NUMBER, variants.values(slot)) >= _MOST for slot in (left, right))
        ]
        if not islands:
            return
        for i in islands:
            variants.keep[i] = False


def _goes_on(variants: Variants, i: int) -> bool:
    """Whether the leader's token i stays next to a kept one, so that a slot that takes it reaches no other slot."""
    return i + 1 < variants.tokens and variants.keep[i + 1] and not variants.cut[i + 1]


def _place_ahead(variants: Variants, slot: tuple[int, int], values: Sequence[str]) -> int:
    """Return how many kept tokens behind a slot complete the name of a place, 0 for none."""
    before, after = slot
    head = variants.token(before) if before >= 0 else ""
    some = [v for v in values if v]
    if not some or any(len(v) > 6 or not _WORD.fullmatch(v) for v in some):
        return 0
    for width in (1, 2):
        run = range(after, after + width)
        if after + width > variants.tokens or not all(variants.keep[i] for i in run):
            return 0
        if any(variants.cut[i] for i in run if i > after):
            return 0
        tail = "".join(variants.token(i) for i in run)
        if width == 2 and tail[0] in _DEICTIC:
            return 0
        if tail[-1] in _PLACE_END:
            whole = [v + tail for v in some]
            return width if _share(_PLACE, whole) >= _MOST and not _no_places(head, whole) else 0
    return 0


def _no_places(head: str, values: Sequence[str]) -> bool:
    """Whether too many values are words like 城市 or 社区, together with the character before the slot."""
    return sum(_NO_PLACE.search(head + v) is not None for v in values) > (1 - _MOST) * len(values)


def _share(pattern: re.Pattern[str], values: Sequence[str]) -> float:
    some = [v for v in values if v]
    return sum(pattern.fullmatch(v) is not None for v in some) / len(some) if some else 0.0


def _any_year(values: Sequence[str]) -> bool:
    return any(re.match(r"(?:19|20)[0-9x]{2}|[二一][〇零○九]", v) for v in values)


def _name(variants: Variants, slot: tuple[int, int]) -> str:
    values = [v for v in variants.values(slot) if v]
    if not values:
        return "other"
    behind = "".join(variants.token(i) for i in range(slot[1], min(slot[1] + 3, variants.tokens)))
    dated = [v + "年" if behind.startswith("年") else v for v in values]
    if _share(_YEAR, dated) >= _MOST and _any_year(values):
        return "year"
    if _share(_NUMBER, values) >= _MOST:
        return "number"
    head = variants.token(slot[0]) if slot[0] >= 0 else ""
    if _share(_PLACE, values) >= _MOST and not _no_places(head, values):
        return "place"
    if _PERSON_AFTER.match(behind) and _share(_PERSON, values) >= _MOST:
        return "name"
    return "other"
