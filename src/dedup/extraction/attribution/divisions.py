"""The administrative divisions of China, from the province down to the township: names, codes, years, stems."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from dedup.reference import reference_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence, Set

FILE = "divisions.parquet"

#: What the last characters of a name make of it, as texts speak of it (全县, 我镇, 区人民政府).
KINDS: dict[str, tuple[str, ...]] = {
    "省": ("省", "自治区", "特别行政区"),
    "市": ("市",),
    "州": ("州",),
    "盟": ("盟",),
    "地区": ("地区",),
    "县": ("县",),
    "区": ("区",),
    "旗": ("旗",),
    "镇": ("镇",),
    "乡": ("乡",),
    "街道": ("街道",),
    "苏木": ("苏木",),
}
TOWNSHIP_KINDS = frozenset({"镇", "乡", "街道", "苏木"})
MUNICIPALITIES = frozenset({"11", "12", "31", "50"})


@dataclass(frozen=True, slots=True)
class Division:
    """One division under one code.

    Attributes
    ----------
    code : GB/T 2260, six digits, down to the county; nine digits of the statistical code for townships
    name : full name
    since, until : first and last year of this name under this code, where the table knows them
    stem : characters of the name without its generic ending (浏阳 of 浏阳市)
    is_word : whether the stem is an ordinary word too (富裕县, 和平区), so that it alone names nothing
    """

    code: str
    name: str
    since: int | None
    until: int | None
    stem: int
    is_word: bool

    @property
    def short(self) -> str:
        """The name without its generic ending."""
        return self.name[: self.stem]

    @property
    def level(self) -> str:
        """Return `province`, `prefecture`, `county` or `township`."""
        if len(self.code) == 9:
            return "township"
        if self.code.endswith("0000"):
            return "province"
        return "prefecture" if self.code.endswith("00") else "county"

    @property
    def kind(self) -> str:
        """What the place calls itself: 县, 区, 镇 …; empty where its ending is none of `KINDS`."""
        return kind_of(self.name)

    def stood(self, year: int | None) -> bool:
        """Whether the name was in use in the year; true where that is not known."""
        return year is None or (
            (self.since is None or self.since <= year) and (self.until is None or year <= self.until)
        )


def kind_of(name: str) -> str:
    """Return what a full name calls its place: 县 for 大厂回族自治县, 省 for 自治区; empty where it is none."""
    if name.endswith(("自治区", "行政区")):
        return "省"
    if name.endswith("地区"):
        return "地区"
    for ending in (name[-2:], name[-1:]):
        if ending in KINDS:
            return ending
    return ""


class Divisions:
    """The table, indexed by full name; other indices are made when first asked for.

    Parameters
    ----------
    columns : the columns of the file, rows sorted by name
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        self._columns = tuple(columns[name] for name in ("code", "name", "since", "until", "stem", "is_word"))
        # Rows are sorted by name: going backwards leaves the first row of each.
        names = self._columns[1]
        self._unions: dict[tuple[str, ...], frozenset[str]] = {}
        self._first = dict(zip(reversed(names), range(len(names) - 1, -1, -1), strict=True))

    def row(self, index: int) -> Division:
        """Return the division in one row of the table."""
        return Division(*(column[index] for column in self._columns))

    @cached_property
    def _by_stem(self) -> dict[str, list[int]]:
        _, names, _, _, stems, _ = self._columns
        index: dict[str, list[int]] = {}
        for i, (name, stem) in enumerate(zip(names, stems, strict=True)):
            if 2 <= stem < len(name):
                index.setdefault(name[:stem], []).append(i)
        return index

    @property
    def names(self) -> Collection[str]:
        """All full names, for quick look-ups."""
        return self._first

    @cached_property
    def _stems(self) -> dict[str, set[str]]:
        """What a place calls itself (县, 镇 …) -> stems; under "" the stems that only one full name has."""
        _, names, _, _, stems, _ = self._columns
        held: dict[str, set[str]] = {kind: set() for kind in KINDS}
        last: dict[str, str] = {}
        shared: set[str] = set()
        for name, stem in zip(names, stems, strict=True):
            if 2 <= stem < len(name):
                short = name[:stem]
                kind = kind_of(name)
                if kind:
                    held[kind].add(short)
                if last.setdefault(short, name) != name:
                    shared.add(short)
        held[""] = last.keys() - shared
        return held

    def stems_of(self, kinds: Sequence[str]) -> frozenset[str]:
        """Return the stems of the given kinds; where none is given, those that only one full name has."""
        key = tuple(sorted(kinds)) or ("",)
        if key not in self._unions:
            self._unions[key] = frozenset().union(*(self._stems.get(kind, set()) for kind in key))
        return self._unions[key]

    @cached_property
    def _by_code(self) -> dict[str, int]:
        codes, _, _, untils, _, _ = self._columns
        index: dict[str, int] = {}
        for i, (code, until) in enumerate(zip(codes, untils, strict=True)):
            if len(code) == 6 and (until is None or code not in index):
                index[code] = i
        return index

    @cached_property
    def counties_with(self) -> dict[str, tuple[str, ...]]:
        """Stem of a township, where it is no ordinary word -> six-digit codes of the counties that have one."""
        codes, names, _, _, stems, words = self._columns
        index: dict[str, set[str]] = {}
        for code, name, stem, word in zip(codes, names, stems, words, strict=True):
            if len(code) == 9 and 2 <= stem < len(name) and not word and not name.endswith("街道"):
                index.setdefault(name[:stem], set()).add(code[:6])
        return {name: tuple(sorted(counties)) for name, counties in index.items()}

    def named(self, name: str) -> list[Division]:
        """Return the divisions of this full name, present and past."""
        first = self._first.get(name)
        if first is None:
            return []
        names = self._columns[1]
        last = first
        while last < len(names) and names[last] == name:
            last += 1
        return [self.row(i) for i in range(first, last)]

    def called(self, stem: str, kinds: Collection[str] | None = None) -> list[Division]:
        """Return the divisions of this stem, of the given kinds where any are given."""
        rows = [self.row(i) for i in self._by_stem.get(stem, ())]
        return rows if kinds is None else [row for row in rows if row.kind in kinds]

    @property
    def stems(self) -> Set[str]:
        """All stems of two characters or more."""
        return self._by_stem.keys()

    @cached_property
    def longer_stems(self) -> dict[str, list[str]]:
        """First two characters -> stems of three that begin so."""
        index: dict[str, list[str]] = {}
        for stem in self._by_stem:
            if len(stem) == 3:
                index.setdefault(stem[:2], []).append(stem)
        return index

    def with_code(self, code: str) -> Division | None:
        """Return the division of a six-digit code, the present one where it has had several names."""
        index = self._by_code.get(code)
        return None if index is None else self.row(index)

    def parents(self, division: Division) -> list[Division]:
        """Return the divisions above, from the province down."""
        code = division.code
        chain = [code[:2] + "0000"]
        if division.level in ("county", "township"):
            chain.append(code[:4] + "00")
        if division.level == "township":
            chain.append(code[:6])
        found = (self.with_code(parent) for parent in chain if parent != code)
        return [parent for parent in found if parent is not None]

    def path(self, division: Division) -> str:
        """Return the name from the province down: 湖南省长沙市浏阳市枨冲镇."""
        return "".join([parent.name for parent in self.parents(division)] + [division.name])

    def standing(self, rows: Iterable[Division], year: int | None) -> list[Division]:
        """Return one division per place: those whose name was in use in `year`, present codes before past ones.

        Rows of one name in one province (of townships: in one county) are one place that got other codes, unless two
        of them stand at present. Where the year is not known, a name that stands hides those that are gone.
        """
        valid = [d for d in rows if d.stood(year)]
        out = [d for d in valid if d.until is None]
        if year is None and any(d.level != "township" for d in out):
            return out
        held = {self._area(d) for d in out}
        past: dict[tuple[str, str], Division] = {}
        for d in valid:
            area = self._area(d)
            if d.until is not None and area not in held and (area not in past or (past[area].until or 0) < d.until):
                past[area] = d
        return out + list(past.values())

    @staticmethod
    def _area(division: Division) -> tuple[str, str]:
        return division.code[: 6 if division.level == "township" else 2], division.name


@lru_cache(maxsize=1)
def divisions() -> Divisions:
    """Return the shipped table; read on the first call."""
    # `read_table` would import the dataset machinery for one small file.
    with pq.ParquetFile(reference_file(FILE)) as file:
        table = file.read(use_threads=False)
    return Divisions({name: table.column(name).to_pylist() for name in table.column_names})
