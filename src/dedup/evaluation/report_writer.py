"""Writes reports and essays from a grammar: report `r` of seed `s` is the same text wherever and whenever it is made.

Another edition of a report keeps its words and is filled anew: another year, another date at its head, most of its
figures replaced. The texts carry the marks of `grammar`; `clean` removes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from dedup.evaluation.draws import Dice, draws32, mix
from dedup.evaluation.grammar import MARK, Pattern, grammar
from dedup.evaluation.vocabulary import vocabulary

NUMERALS = tuple("一二三四五六七八九十") + tuple("十" + c for c in "一二三四五六七八九") + ("二十",)
_LEVELS = (("县", "县"), ("区", "区"), ("市", "市"), ("镇", "镇"), ("乡", "乡"), ("县", "县"))
#: Share of an edition's figures that are filled anew.
REFILLED = 0.8
_TEXT, _FIGURES, _SHAPE = 1, 2, 3


class Place(NamedTuple):
    """An invented place: its short name and the name with its level."""

    short: str
    full: str
    level: str


@dataclass(frozen=True)
class Written:
    """A report as written, before any damage.

    Attributes
    ----------
    text : paragraphs joined by line feeds, with the marks of `grammar`
    place, year : what it is about; `year` is the year it plans for
    """

    text: str
    place: Place
    year: int


def clean(text: str) -> str:
    """Return the text without marks."""
    return MARK.sub("", text)


class _Sentences:
    """Fills patterns from two streams of draws: words from one, figures from one for each edition.

    Every slot takes one draw of each stream, so that editions stay in step whatever is refilled.
    """

    def __init__(self, seed: int, report: int, edition: int, n: int) -> None:
        self._words = iter(draws32(mix(seed, report, _TEXT), n).tolist())
        self._fresh = iter(draws32(mix(seed, report, _FIGURES, edition), n).tolist()) if edition else None

    def below(self, n: int) -> int:
        """Return an integer in [0, n)."""
        drawn: int = next(self._words) * n >> 32
        return drawn

    def fill(self, *patterns: Pattern) -> str:
        """Return the patterns one after the other, their slots filled."""
        words, fresh = self._words, self._fresh
        text = "".join([pattern.text for pattern in patterns])
        if fresh is None:
            # `zip` asks the slots first, so no draw is lost at the end of a pattern.
            return text % tuple(
                [
                    items[word * size >> 32]
                    for p in patterns
                    for (items, size, _), word in zip(p.slots, words, strict=False)
                ]
            )
        filled = []
        for pattern in patterns:
            for (items, size, is_figure), word, draw in zip(pattern.slots, words, fresh, strict=False):
                k = word * size >> 32
                if is_figure and draw < REFILLED * 4294967296:
                    k = _moved(k, size, draw & 0xFF)
                filled.append(items[k])
        return text % tuple(filled)

    def several(self, patterns: tuple[Pattern, ...], n: int) -> str:
        """Return n of the patterns, filled, each once, in an order of this report's own."""
        first, stride = self.below(len(patterns)), (1, 3, 5)[self.below(3)]
        n = min(n, 7, len(patterns) - 1)
        # Strides that share a factor with the number of patterns would repeat some.
        chosen = dict.fromkeys((first + i * stride) % len(patterns) for i in range(n))
        return "；".join(self.fill(patterns[i]) for i in chosen)


def _moved(k: int, size: int, draw: int) -> int:
    """Return another index: a few steps up, as figures of the next year are; down where there is no room."""
    step = 1 + draw * max(2, size // 12) // 256
    return k + step if k + step < size else max(0, k - step) if k else size - 1


class ReportWriter:
    """Writes the reports of one seed.

    Parameters
    ----------
    seed : any integer
    chars : mean length of a report in characters; lengths vary from a third to about three times of it
    templates : whether reports share set phrases (openings, formulae, closings)
    """

    def __init__(self, seed: int, chars: int = 2000, *, templates: bool = True, fixed_length: bool = False) -> None:
        self._seed = seed
        self._chars = chars
        self._templates = templates
        self._fixed = fixed_length
        self._grammar = grammar()
        self._vocabulary = vocabulary()

    def place(self, report: int) -> Place:
        """Return the place a report is about."""
        dice = Dice(self._seed, report, _SHAPE)
        return self._place(dice)

    def _place(self, dice: Dice) -> Place:
        short = dice.pick(self._grammar.places)
        level, tail = dice.pick(_LEVELS)
        return Place(short, short + tail, level)

    def report(self, report: int, edition: int = 0) -> Written:
        """Return report number `report`; `edition` 0 is the first, each further one is filled anew for a later year."""
        dice = Dice(self._seed, report, _SHAPE)
        place = self._place(dice)
        year = dice.between(2006, 2022) + edition
        size = self._chars if self._fixed else int(self._chars * dice.pick((0.35, 0.5, 0.7, 0.8, 1.0, 1.2, 1.6, 2.4)))
        # A sentence takes about 45 characters; half of the plan's fields are those of the review.
        total = max(5, (size - 330) // 47) if self._templates else max(5, (size - 150) // 47)
        n_fields = max(1, min(7, total // 9))
        first = dice.below(14)
        stride = dice.pick((1, 3, 5, 9, 11, 13))
        fields = [(first + i * stride) % 14 for i in range(n_fields + 1)]
        per_field = max(1, total * 6 // 10 // n_fields)
        n_planned = max(1, n_fields - 1)
        per_plan = max(1, (total - per_field * n_fields) // n_planned)
        sentences = _Sentences(self._seed, report, edition, 120 + (per_field * n_fields + per_plan * n_planned) * 26)
        paragraphs: list[str] = []
        if dice.chance(0.6):
            # Congresses that plan a year meet in its first months.
            month, day = dice.between(1, 4), dice.between(1, 28)
            if edition:
                month, day = month % 4 + 1, (day + 7 * edition) % 28 + 1
            paragraphs.append(
                f"——{year}年{month}月{day}日在{place.full}第{NUMERALS[dice.between(9, 18)]}届"
                f"人民代表大会第{NUMERALS[(dice.below(5) + edition) % 6]}次会议上"
            )
        bracket = dice.pick(("（{}）", "（{}）", "({})", "{}是"))
        self._opening(paragraphs, dice, place)
        paragraphs.append(f"一、{year - 1}年工作回顾")
        lead = self._formula(dice, 0) if self._templates else ""
        paragraphs.append(f"{year - 1}年，{lead}{sentences.several(self._grammar.overview, 3 + per_field // 2)}。")
        for ordinal, field in enumerate(fields[:n_fields]):
            paragraphs.append(
                self._paragraph(sentences, dice, "done", field, per_field, bracket.format(NUMERALS[ordinal]))
            )
        problems = [dice.pick(self._vocabulary.words["problems"]) for _ in range(dice.between(2, 4))]
        admission = self._formula(dice, 3) if self._templates else ""
        paragraphs.append(f"{admission}主要是：{'，'.join(dict.fromkeys(problems))}。")
        paragraphs.append(f"二、{year}年工作安排")
        aims = dice.pick(("主要预期目标是", "要确保的目标有", "全年盯住这样几个数", "预期目标建议为", "发展目标确定为"))
        paragraphs.append(f"{year}年{aims}：{sentences.several(self._grammar.targets, 2 + per_plan // 2)}。")
        for ordinal, field in enumerate(fields[1 : n_planned + 1]):
            mark = "——" if bracket == "{}是" else bracket.format(NUMERALS[ordinal])
            paragraphs.append(self._paragraph(sentences, dice, "planned", field, per_plan, mark))
        self._closing(paragraphs, dice, place)
        return Written("\n".join(paragraphs), place, year)

    def _formula(self, dice: Dice, at: int = -1) -> str:
        formulae = self._vocabulary.sentences["formulae"]
        return formulae[at] if at >= 0 else formulae[5 + dice.below(len(formulae) - 5)]

    def _opening(self, paragraphs: list[str], dice: Dice, place: Place) -> None:
        opening = dice.pick(self._vocabulary.sentences["openings"])
        salutation = dice.chance(0.7)
        if self._templates:
            if salutation:
                paragraphs.append("各位代表：")
            paragraphs.append(opening.format(place=place.full))

    def _closing(self, paragraphs: list[str], dice: Dice, place: Place) -> None:
        at, n = dice.below(11), dice.between(1, 3)
        closing, adjective = (
            dice.pick(self._vocabulary.sentences["closings"]),
            dice.pick(self._vocabulary.words["adjectives"]),
        )
        if self._templates:
            formulae = self._vocabulary.sentences["formulae"][5:]
            paragraphs.append("".join(formulae[(at + i * 4) % len(formulae)] for i in range(n)))
            paragraphs.append(closing.format(place=place.full, short=place.short, adjective=adjective))

    def _paragraph(self, sentences: _Sentences, dice: Dice, tense: str, field: int, n: int, mark: str) -> str:
        patterns = (self._grammar.done if tense == "done" else self._grammar.planned)[field]
        lead = self._vocabulary.words["heading_leads"][sentences.below(16)]
        titles = self._vocabulary.fields[field].titles
        title = titles[sentences.below(len(titles))]
        below, n_patterns = sentences.below, len(patterns)
        chosen = []
        for _ in range(n):
            alternatives = patterns[below(n_patterns)]
            chosen.append(alternatives[below(len(alternatives))])
        return f"{mark}{lead}，{title}。{sentences.fill(*chosen)}"

    def essay(self, number: int) -> Written:
        """Return an essay: a listener's thoughts on a report."""
        dice = Dice(self._seed, number, 4)
        place = self._place(dice)
        lines = self._vocabulary.sentences["essay"]
        grammar_ = self._grammar
        sentences = _Sentences(self._seed, number + (1 << 40), 0, 400)
        paragraphs = []
        for i in range(dice.between(4, 8)):
            field = dice.below(14)
            patterns = grammar_.done[field]
            told = patterns[dice.below(len(patterns))]
            paragraphs.append(
                f"{lines[(dice.below(8) + i * 3) % len(lines)]}报告里说，"
                f"{sentences.fill(told[dice.below(len(told))])}{dice.pick(lines)}"
            )
        paragraphs.append(f"我相信，{place.short}的明天会更好。{lines[-1]}")
        return Written("\n".join(paragraphs), place, dice.between(2006, 2022))
