"""The observations as checks read them: who belongs together is asked of DuckDB, few pairs become Python objects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.extraction.consistency.ranges import Range, last_digit, range_of
from dedup.extraction.indicators import name_key

#: Years that the text itself proves; the others are masked, overwritten or not there.
PROVED = ("printed", "resolved", "inferred")
#: A part of a year; its level is none of the year's.
_PARTIAL = re.compile("[0-9一二三四五六七八九十]月|季度|上半年|下半年|同期|[0-9一二三四五六七八九十]至|截[至止]|旬")
_SEVERAL = re.compile(
    '(?<![0-9])[二两三四五六七八九十2-9]年(?!代)|[一二三四五六七八九十]五[”"]?(?:期|时|末|计|规)|今后|未来|以来|[0-9]{4}年?[-—－–~～至到]'
)
_TEXT = ("section_id", "char_start", "text")
_OWN_SCOPE = re.compile("(?:全|我|本)(?:县|区|镇|乡|旗|街道|村|场)")


@dataclass(frozen=True, slots=True)
class Figure:
    """One observation, as far as checks need it.

    `value`, `range` and `rounding` are in base units, `scale` of them to the unit as written; `written` is the number
    with that unit.
    """

    row: int
    section: int
    indicator: str
    indicator_id: str | None
    value: float
    range: Range
    rounding: float
    scale: float
    unit: str
    written: str
    unit_base: str | None
    measure: str
    comparison: str | None
    price_basis: str | None
    period_text: str
    status: str
    year: int | None
    quote: str
    char_start: int
    value_start: int
    value_end: int

    def between(self, start: int, end: int) -> str | None:
        """Return the text of the page between two offsets, None where the quote does not hold it."""
        first, last = start - self.char_start, end - self.char_start
        return self.quote[first:last] if 0 <= first <= last <= len(self.quote) else None


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a section: the years it is about, and its text where it was given."""

    year_review: int | None
    year_plan: int | None
    overwritten_year: int | None
    text: str | None
    char_start: int


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison; see `schemas.CHECKS`. `rows` are what it judges, `base_rows` what it only compares with.

    `formula` is the left side alone where `unit` is given: what follows from it, and what the text says, are added.
    """

    name: str
    rows: tuple[int, ...]
    base_rows: tuple[int, ...]
    formula: str
    stated: float
    expected: float
    tolerance: float
    holds: bool
    unit: str | None = None

    @property
    def equation(self) -> str:
        """The formula with its numbers."""
        if self.unit is None:
            return self.formula
        return f"{self.formula} = {_plain(self.expected)}{self.unit}, stated {_plain(self.stated)}{self.unit}"


def _plain(number: float, digits: int = 4) -> str:
    """Return a number without exponent, which readers of flags would stumble over."""
    text = f"{number:.{digits}g}"
    return f"{number:.0f}" if "e+" in text else text


#: Figures of a section, and of one indicator in it, beyond which they are not compared: pairs grow with their square,
#: and reports have some hundreds and a dozen at most.
MOST_FIGURES, MOST_ALIKE = 3000, 60
_COMPARABLE = """
create table o as
select * exclude (in_section, alike) from (
    select *, count(*) over (partition by section) as in_section, count(*) over (partition by section, key) as alike
    from every_o
) where in_section <= {section} and alike <= {key}
"""


class Figures:
    """Observations with a relation `o` over them, one row each, but for crowds in which nothing can be told apart.

    Columns of `o`: `i` row; `section`, `key` (same indicator), `unit` numbers; `cs`, `ce` evidence, `vs`, `ve` number;
    `code`, `measure`, `comparison`, `status`, `price`, `aggregation`, `scope`;
    `year` where proved, `printed` where it stands there; `partial` and
    `several`: of a part of a year, of several years. Only figures with a value in base units have a `unit`.
    """

    def __init__(self, observations: pa.Table, attributions: pa.Table, texts: pa.Table | None = None) -> None:
        self.table = observations.combine_chunks()
        encoded = self._column("section_id").dictionary_encode()
        self.section_ids: list[str] = encoded.dictionary.to_pylist()
        self._sections = encoded.indices.to_numpy().astype(np.int64)
        narrow = ["section_id", "overwritten_year"]
        narrow += [f"{year}{part}" for year in ("year_review", "year_plan") for part in ("", "_basis")]
        self._attributions = attributions.select(narrow).combine_chunks()
        self._texts = texts
        self._places: dict[int, Place] = {}
        self._figures: dict[int, Figure] = {}
        # Nothing is spilled: what a few thousand figures need fits, and the working folder is not ours to fill.
        self._connection = duckdb.connect(config={"threads": 1, "temp_directory": ""})
        self._connection.register("every_o", self._relation())
        self._connection.execute(_COMPARABLE.format(section=MOST_FIGURES, key=MOST_ALIKE))
        self._connection.register("of_which", self._positions("其中"))

    def _column(self, name: str) -> pa.Array:
        column = self.table.column(name)
        return column.chunk(0) if column.num_chunks else pa.array([], column.type)

    def _relation(self) -> pa.Table:
        n = self.table.num_rows
        overwritten = self._of_section("overwritten_year")
        year = self._column("year")
        proved = pc.is_in(self._column("year_basis"), pa.array(PROVED))
        proved = pc.and_(proved, pc.fill_null(pc.not_equal(year, overwritten), True))
        unit = pc.if_else(pc.is_valid(self._column("value_base")), self._column("unit_base"), None)
        return pa.table(
            {
                "i": pa.array(np.arange(n)),
                "section": pa.array(self._sections),
                "key": self._keys(),
                "unit": _numbers(unit),
                "cs": self._column("char_start"),
                "ce": self._column("char_end"),
                "vs": self._column("value_start"),
                "ve": self._column("value_end"),
                "code": self._column("indicator_id"),
                "measure": self._column("measure"),
                "comparison": self._column("comparison"),
                "status": self._column("obs_status"),
                "price": self._prices(),
                "aggregation": self._column("aggregation"),
                "scope": _by_word(self._column("scope"), lambda s: None if not s or _OWN_SCOPE.match(s) else s),
                "year": pc.if_else(proved, year, None),
                "printed": pc.equal(self._column("year_basis"), "printed"),
                "partial": _by_word(self._column("period_text"), lambda s: bool(s and _PARTIAL.search(s))),
                "several": _by_word(self._column("period_text"), lambda s: bool(s and _SEVERAL.search(s))),
            }
        )

    def _positions(self, word: str) -> pa.Table:
        """Return where a word stands: (section, at). Without texts only where quotes have it."""
        at: set[tuple[int, int]] = set()
        if self._texts is not None:
            number = {section: i for i, section in enumerate(self.section_ids)}
            found = self._texts.filter(pc.match_substring(self._texts.column("text"), word))
            for section, start, text in zip(*(found.column(c).to_pylist() for c in _TEXT), strict=True):
                if section in number:
                    at.update((number[section], start + m.start()) for m in re.finditer(word, text))
        else:
            rows = pc.indices_nonzero(pc.match_substring(self._column("quote"), word))
            found = self.table.select(["quote", "char_start"]).take(rows).to_pylist()
            for row, o in zip(rows.to_pylist(), found, strict=True):
                section = int(self._sections[row])
                at.update((section, o["char_start"] + m.start()) for m in re.finditer(word, o["quote"]))
        pairs = np.array(sorted(at), dtype=np.int64).reshape(-1, 2)
        return pa.table({"section": pairs[:, 0], "at": pairs[:, 1]})

    def _prices(self) -> pa.Array:
        quotes, basis = self._column("quote"), self._column("price_basis")
        named = pc.if_else(pc.match_substring_regex(quotes, "现价|当年价"), "current", None)
        return pc.coalesce(basis, named)

    def _keys(self) -> pa.Array:
        """Return one number for all names of one indicator: its code, unless a bracket says 月报口径 or the like."""
        names = _by_word(self._column("indicator"), name_key)
        plain = pc.and_(pc.is_valid(self._column("indicator_id")), pc.invert(pc.match_substring(names, "(")))
        return _numbers(pc.if_else(plain, self._column("indicator_id"), names))

    def _of_section(self, name: str) -> pa.Array:
        at = pc.index_in(self._column("section_id"), self._attributions.column("section_id").combine_chunks())
        return self._attributions.column(name).combine_chunks().take(at)

    def query(self, sql: str) -> list[tuple[int, ...]]:
        """Return rows of `o` that belong together."""
        return self._connection.execute(sql).fetchall()

    def load(self, rows: Iterable[int | None]) -> dict[int, Figure]:
        """Return the figures of these rows of the observations, and keep them."""
        missing = sorted({row for row in rows if row is not None and row not in self._figures})
        if missing:
            for row, o in zip(missing, self.table.take(pa.array(missing)).to_pylist(), strict=True):
                self._figures[row] = self._figure(row, o)
        return self._figures

    def _figure(self, row: int, o: dict[str, object]) -> Figure:
        raw, base = float(o["obs_value"]), o["value_base"]  # type: ignore[arg-type]
        value = float(base) if base is not None else raw  # type: ignore[arg-type]
        scale = abs(value / raw) if raw else 1.0
        place = self.place(int(self._sections[row]))
        proved = o["year_basis"] in PROVED and o["year"] != place.overwritten_year
        return Figure(
            row=row,
            section=int(self._sections[row]),
            indicator=str(o["indicator"]),
            indicator_id=o["indicator_id"],  # type: ignore[arg-type]
            value=value,
            range=range_of(value, str(o["value_text"]), scale, o["bound"]),  # type: ignore[arg-type]
            rounding=last_digit(str(o["value_text"])) * scale,
            scale=scale,
            unit=str(o["unit"]),
            written=f"{raw:g}{o['unit']}" if len(f"{abs(raw):.0f}") < 6 else f"{raw:.10g}{o['unit']}",
            unit_base=o["unit_base"],  # type: ignore[arg-type]
            measure=str(o["measure"]),
            comparison=o["comparison"],  # type: ignore[arg-type]
            price_basis=o["price_basis"],  # type: ignore[arg-type]
            period_text=str(o["period_text"] or ""),
            status=str(o["obs_status"]),
            year=o["year"] if proved else None,  # type: ignore[arg-type]
            quote=str(o["quote"]),
            char_start=int(o["char_start"]),  # type: ignore[call-overload]
            value_start=int(o["value_start"]),  # type: ignore[call-overload]
            value_end=int(o["value_end"]),  # type: ignore[call-overload]
        )

    def place(self, section: int) -> Place:
        """Return what is known of a section."""
        if section not in self._places:
            self._places[section] = self._place(self.section_ids[section])
        return self._places[section]

    def _place(self, section_id: str) -> Place:
        at = self._rows_of_sections.get(section_id)
        overwritten, years = None, [None, None]
        if at is not None:
            row = self._attributions.slice(at, 1).to_pylist()[0]
            overwritten = row["overwritten_year"]
            years = [
                row[name] if row[f"{name}_basis"] in PROVED and row[name] != overwritten else None
                for name in ("year_review", "year_plan")
            ]
        text, start = None, 0
        if self._texts is not None and (held := self._rows_of_texts.get(section_id)) is not None:
            text = self._texts.column("text")[held].as_py()
            start = self._texts.column("char_start")[held].as_py()
        return Place(years[0], years[1], overwritten, text, start)

    @cached_property
    def _rows_of_sections(self) -> dict[str, int]:
        return {section: row for row, section in enumerate(self._attributions.column("section_id").to_pylist())}

    @cached_property
    def _rows_of_texts(self) -> dict[str, int]:
        assert self._texts is not None
        return {section: row for row, section in enumerate(self._texts.column("section_id").to_pylist())}


def _numbers(values: pa.Array) -> pa.Array:
    return pc.cast(values.dictionary_encode().indices, pa.int64())


def _by_word(values: pa.Array, function: object) -> pa.Array:
    """Apply a function of str or None to the distinct values only."""
    encoded = values.dictionary_encode(null_encoding="encode")
    results = [function(word) for word in encoded.dictionary.to_pylist()]  # type: ignore[operator]
    type_ = pa.bool_() if results and all(isinstance(r, bool) for r in results) else pa.string()
    return pa.array(results, type_).take(encoded.indices)
