"""Which section of a sample is what: originals, copies, later editions, essays, planted passages.

The plan is made of whole-array draws, so that a million sections take a second, and every section can be written
from the plan alone, in any order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.evaluation import edits as edit
from dedup.evaluation.draws import Dice, mix, uniform
from dedup.evaluation.grammar import PASSAGE_END, PASSAGE_START
from dedup.evaluation.report_writer import ReportWriter, clean

ORIGINAL, COPY, EDITION, ESSAY = 0, 1, 2, 3
_ROLE, _WORK, _HOT, _PLANT, _SOURCE, _DAMAGE, _CUT = 11, 12, 13, 14, 15, 16, 17
#: Passages in a source are opened and closed by marks of their own, `SOURCE_START + n` and `SOURCE_END + n`.
SOURCE_START, SOURCE_END, SOURCE_MANY = 0xE100, 0xE200, 0x100
#: The year that careless sites write over others.
PAGE_YEAR = 2024


@dataclass(frozen=True)
class Shares:
    """Shares of the sections; the rest are original reports."""

    essays: float = 0.05
    copies: float = 0.25
    editions: float = 0.06
    #: Of the originals: those with a passage of another report planted into them.
    planted: float = 0.12


@dataclass(frozen=True)
class Damage:
    """How copies differ: the range of edit rates, and the share of copies edited at scattered places."""

    edits: tuple[float, float] = (0.005, 0.2)
    scattered: float = 0.7
    #: Share of the copies whose words are not edited at all.
    untouched: float = 0.15
    #: Whether small rates are the more frequent ones (a rate grows with the square of a uniform draw).
    mostly_small: bool = True
    #: Whether copies also get what sites do to pages (masks, lost bytes, overwritten years, …).
    site: bool = True


class Passage(NamedTuple):
    """A passage planted in section `target`, copied from section `source`."""

    source: int
    target: int
    length: int
    rate: float


@dataclass(frozen=True)
class SectionText:
    """A section as written into a page, with marks, and what was done to it."""

    text: str
    kind: str
    work: int
    edition: int
    edit_rate: float
    edit_mode: str
    damage: tuple[str, ...]
    place: str
    year: int

    @cached_property
    def plain(self) -> str:
        """The text without marks."""
        return clean(self.text)


@dataclass(frozen=True)
class Plan:
    """The sections of a sample and how to write each of them."""

    seed: int
    n: int
    writer: ReportWriter
    shares: Shares = field(default_factory=Shares)
    damage: Damage = field(default_factory=Damage)

    @cached_property
    def roles(self) -> NDArray[np.int8]:
        """The role of each section."""
        u = uniform(mix(self.seed, _ROLE), self.n)
        s = self.shares
        roles = np.full(self.n, ORIGINAL, dtype=np.int8)
        roles[u < s.essays + s.copies + s.editions] = EDITION
        roles[u < s.essays + s.copies] = COPY
        roles[u < s.essays] = ESSAY
        if self.n:
            roles[0] = ORIGINAL
        return roles

    @cached_property
    def originals(self) -> NDArray[np.int64]:
        """The sections that are original reports."""
        return np.flatnonzero(self.roles == ORIGINAL)

    @cached_property
    def works(self) -> NDArray[np.int64]:
        """The work of each section: the original it stems from (itself for originals and essays).

        A fifth of the copies come from a hundredth of the originals, so that some clusters are large.
        """
        works = np.arange(self.n)
        n_originals = len(self.originals)
        hot = max(1, n_originals // 100)
        among = np.where(uniform(mix(self.seed, _HOT), self.n) < 0.2, hot, n_originals)
        drawn = self.originals[(uniform(mix(self.seed, _WORK), self.n) * among).astype(np.int64)]
        stems = (self.roles == COPY) | (self.roles == EDITION)
        works[stems] = drawn[stems]
        return works

    @cached_property
    def passages(self) -> dict[int, Passage]:
        """The planted passages by the section they are planted in; no two in one section."""
        if self.shares.planted == 0 or len(self.originals) < 2:
            return {}
        u = uniform(mix(self.seed, _PLANT), self.n)
        source = self.originals[(uniform(mix(self.seed, _SOURCE), self.n) * len(self.originals)).astype(np.int64)]
        found = {}
        for target in self.originals[u[self.originals] < self.shares.planted].tolist():
            if source[target] != target:
                dice = Dice(self.seed, _PLANT, target)
                length = dice.pick((20, 28, 40, 65, 110, 180, 300, 430, 600))
                found[target] = Passage(int(source[target]), target, length, dice.pick((0.0, 0.0, 0.05)))
        return found

    @cached_property
    def passages_by_source(self) -> dict[int, list[Passage]]:
        """The planted passages by the section they were copied from."""
        found: dict[int, list[Passage]] = {}
        for passage in self.passages.values():
            found.setdefault(passage.source, []).append(passage)
        return found

    def _passage_span(self, passage: Passage, text: str) -> tuple[int, int]:
        """Return where the passage stands in the source as written: from the start of a sentence, in marked text."""
        dice = Dice(self.seed, _CUT, passage.target)
        starts = [0, *(m.end() for m in edit.SENTENCE_END.finditer(text))]
        fitting = [s for s in starts if len(text) - s > passage.length * 5 // 4] or [0]
        start = dice.pick(fitting)
        while start < len(text) and text[start] == "\n":
            start += 1
        points = edit.code_points(text)
        shown = np.cumsum(~edit.is_mark(points))
        before = int(shown[start - 1]) if start else 0
        end = int(np.searchsorted(shown, before + passage.length)) + 1
        # A passage that would end inside a figure takes the whole of it.
        end = next((m.end() for m in edit.FIGURE.finditer(text, max(0, end - 24)) if m.start() < end < m.end()), end)
        return start, min(end, len(text))

    def _planted(self, section: int, text: str) -> str:
        """Return the original with the passage planted into it, and with marks where others copied from it."""
        places: list[tuple[int, str]] = []
        for n, passage in enumerate(self.passages_by_source.get(section, ())[:SOURCE_MANY]):
            start, end = self._passage_span(passage, text)
            places += [(start, chr(SOURCE_START + n)), (end, chr(SOURCE_END + n))]
        planted = self.passages.get(section)
        if planted is not None:
            source = self.writer.report(planted.source).text
            start, end = self._passage_span(planted, source)
            quoted = source[start:end]
            if planted.rate:
                quoted = edit.scatter(quoted, planted.rate, mix(self.seed, _PLANT, section, 1))
            ends = [m.end() for m in edit.SENTENCE_END.finditer(text)]
            at = Dice(self.seed, _PLANT, section, 2).pick(ends[len(ends) // 4 : -3] or ends or [len(text)])
            places.append((at, f"{PASSAGE_START}{quoted}{PASSAGE_END}"))
        for at, piece in sorted(places, key=lambda place: -place[0]):
            text = text[:at] + piece + text[at:]
        return text

    def section(self, section: int) -> SectionText:
        """Write one section."""
        role, work = int(self.roles[section]), int(self.works[section])
        if role == ESSAY:
            essay = self.writer.essay(section)
            return SectionText(essay.text, "essay", work, 0, 0.0, "none", (), essay.place.short, essay.year)
        if role == EDITION:
            dice = Dice(self.seed, _DAMAGE, section)
            edition = dice.between(1, 2)
            written = self.writer.report(work, edition)
            rate = dice.pick((0.0, 0.0, 0.01, 0.02))
            text = edit.scatter(written.text, rate, mix(self.seed, _DAMAGE, section, 1))
            return SectionText(text, "report", work, edition, rate, "scattered", (), written.place.short, written.year)
        written = self.writer.report(work)
        text = self._planted(work, written.text)
        if role == ORIGINAL:
            return SectionText(text, "report", work, 0, 0.0, "none", (), written.place.short, written.year)
        text, rate, mode, damage = self._damaged(section, text, written.place.short)
        return SectionText(text, "report", work, 0, rate, mode, damage, written.place.short, written.year)

    def _drawn_edit(self, dice: Dice) -> tuple[float, str]:
        """Return the rate and mode of a copy's edits; these are the first draws of its dice."""
        low, high = self.damage.edits
        if dice.chance(self.damage.untouched):
            return 0.0, "none"
        u = dice.real(0, 1)
        rate = low + (high - low) * (u * u if self.damage.mostly_small else u)
        return rate, "scattered" if dice.chance(self.damage.scattered) else "contiguous"

    def edit_rate(self, section: int) -> float:
        """Return the share of the characters that are edited in a section, without writing it."""
        return self._drawn_edit(Dice(self.seed, _DAMAGE, section))[0] if self.roles[section] == COPY else 0.0

    def works_with_copies(self) -> list[list[int]]:
        """Return the sections of each work that has more than one, ascending."""
        order = np.argsort(self.works, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(self.works[order])) + 1)
        return [sorted(members.tolist()) for members in groups if len(members) > 1]

    def _damaged(self, section: int, text: str, short: str) -> tuple[str, float, str, tuple[str, ...]]:
        dice = Dice(self.seed, _DAMAGE, section)
        text = _PASSAGE_MARK.sub("", text)
        rate, mode = self._drawn_edit(dice)
        if mode == "scattered":
            text = edit.scatter(text, rate, mix(self.seed, _DAMAGE, section, 1))
        elif mode == "contiguous":
            foreign = self.writer.report(int(self.originals[dice.below(len(self.originals))])).text
            text = edit.rearrange(text, rate, dice, foreign)
        if not self.damage.site:
            return text, rate, mode, ()
        done = []
        if dice.chance(0.3):
            style = dice.pick(("20xx", "xx", "×", "～", "**", str(PAGE_YEAR), str(PAGE_YEAR), "20□□"))
            text = edit.mask_years(text, style)
            done.append("year_overwritten" if style == str(PAGE_YEAR) else "year_masked")
        if dice.chance(0.25):
            text = edit.mask_name(text, short, dice.pick(("xx", "**", "××", "□□", "XX")))
            done.append("name_masked")
        if dice.chance(0.2):
            text = edit.lose_bytes(text)
            done.append("bytes_lost")
        if dice.chance(0.2):
            text = edit.change_figures(text, dice.between(1, 3), dice)
            done.append("figures_changed")
        # Sites overwrite quantities by the same replacement as years: `20xx` by the year of the page.
        if dice.chance(0.5 if "year_overwritten" in done else 0.0):
            text = edit.overwrite_quantity(text, PAGE_YEAR, dice)
            done.append("figure_overwritten")
        if dice.chance(0.08):
            text = edit.mask_figures(text, dice.pick((0.1, 0.3, 1.0)), dice)
            done.append("figures_masked")
        if dice.chance(0.12):
            text = edit.spin(text, 0.3, dice)
            done.append("spun")
        if dice.chance(0.12):
            text = edit.narrow(text)
            done.append("narrow")
        if dice.chance(0.08):
            text = edit.truncate(text, dice.real(0.6, 0.97))
            done.append("truncated")
        return text, rate, mode, tuple(done)


#: Marks of passages: they are removed from copies, whose edits may cut or move a half of them.
_PASSAGE_MARK = re.compile("[\ue010\ue011\ue100-\ue2ff]")
