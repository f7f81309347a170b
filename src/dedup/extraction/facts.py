"""Facts: what a report states, once, however many copies of it there are and however often each says it."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from dedup.extraction.attribution.divisions import Division, divisions, kind_of
from dedup.extraction.indicators import name_key
from dedup.ids import make_id
from dedup.schemas.figures import FACTS

#: What of a period is its year, or a word for the report's own: copies may have the year masked or overwritten.
_YEAR_WORDS = re.compile(
    r"(?:到|至|截至|截止)?(?:(?:19|20)?[0-9x×X～〜*□＊Ｘｘ]{2,4}年?|[～〜×*]+年)度?"
    r"|[今去上本当全明前]年|一年|年(?:末|底|内|度|终)|目前|全年度?|[\s年—－–\-~～至到末底,，、]"
)
_SEPARATOR = "\x1f"
_SCOPE = re.compile("(?:全|我|本)(?:自治)?(省|市|县|区|旗|州|盟|地区|镇|乡|街道|苏木|村)")

#: Everything that two statements must have in common to be one fact, besides what `_Statement` holds.
_REST = ("cluster_id", "measure", "comparison", "bound", "value", "unit", "scope", "price_basis", "aggregation")
#: Names of one figure in two copies (新增企业, 新培植企业) are this alike (0 to 100): a judged value.
SAME_NAME = 70.0
SHORTEST = 4

_STATEMENTS = """
with stated as (
    select rest, name, status, period, year, min(written) as written, bool_and(printed) as printed,
        list_sort(list(distinct section_id)) as sections, max(is_canonical::int) as canonical
    from o group by rest, name, status, period, year
)
select rest, name, status, period, year, written, coalesce(printed, false), sections from stated
where rest in (select rest from stated group by rest having count(*) > 1)
order by rest, canonical desc, len(sections) desc, name, status, period, year
"""

_FACTS = """
with stated as (
    select o.i, o.key, o.section_id, o.is_canonical, o.year, o.value_start, o.observation_id, o.flags,
        coalesce(m.similarity, 0) as similarity, s.source,
        row_number() over (partition by key, o.section_id order by value_start, observation_id) as nth
    from o join s using (section_id) left join m using (section_id)
),
-- The years that copies prove for one figure, in the order in which the reports come to them.
years as (
    select key, year, row_number() over (partition by key order by min(nth), year) as nth
    from stated where year is not null group by key, year
),
counted as (select key, count(*) as n from years group by key),
-- A copy without a proved year states the same figure: with several years, the first it comes to is the first.
placed as (
    select t.*, coalesce(t.year, y.year) as slot
    from stated t
    left join counted c on t.key = c.key
    left join years y on t.key = y.key and t.year is null and y.nth = least(t.nth, c.n)
),
chosen as (
    select *, row_number() over (
        partition by key, slot
        order by is_canonical desc, similarity desc, section_id, year is null, value_start, observation_id
    ) as preference
    from placed
),
copies as (
    select key, slot, count(distinct section_id) as n_copies, count(distinct source) as n_sources
    from chosen group by key, slot
),
-- What a section says twice carries the flags of both.
flagged as (
    select key, slot, section_id, list_sort(list_distinct(flatten(list(flags)))) as all_flags
    from chosen where len(flags) > 0 group by key, slot, section_id
)
select f.i, k.n_copies, k.n_sources, coalesce(g.all_flags, []) as flags, f.slot
from chosen f
join copies k on f.key = k.key and f.slot is not distinct from k.slot
left join flagged g on f.key = g.key and f.slot is not distinct from g.slot and g.section_id = f.section_id
where f.preference = 1
order by f.i
"""


def gather_facts(observations: pa.Table, membership: pa.Table, sections: pa.Table, attributions: pa.Table) -> pa.Table:
    """Gather the facts of clusters from the observations of their sections.

    Parameters
    ----------
    observations : table with the schema `schemas.OBSERVATIONS`, whole clusters, flags filled
    membership : table with the schema `schemas.MEMBERSHIP`, of all sections of these clusters
    sections : table (section_id, doc_id, source string) of the same sections
    attributions : table with the schema `schemas.ATTRIBUTIONS` of the same sections

    Returns
    -------
    table with the schema `schemas.FACTS`, sorted by indicator, region, year and place

    Notes
    -----
    Quote, year and region are those of one section, the canonical one where it states the fact: nothing is filled
    from another copy. A copy that lost the year still counts as a copy of the fact. Copies that state different
    numbers give a fact each, with the flags that the checks of copies put on them.
    """
    if not observations.num_rows:
        return FACTS.empty_table()
    observations = observations.combine_chunks()
    connection = duckdb.connect(config={"threads": 1, "temp_directory": ""})
    connection.register("m", membership.select(["section_id", "similarity"]))
    connection.register("s", sections.select(["section_id", "source"]))
    stated = _one_statement(connection, observations)
    keys = _joined(*(stated.column(name) for name in ("rest", "name", "status", "period")))
    columns = ["observation_id", "section_id", "is_canonical", "value_start", "flags"]
    own = observations.select(columns).append_column("i", _rows(keys)).append_column("key", keys)
    connection.register("o", own.append_column("year", stated.column("year")))
    found = connection.sql(_FACTS).to_arrow_table()
    sizes = membership.group_by("cluster_id").aggregate([([], "count_all")])
    return _table(observations, found, keys, sizes, attributions)


def _rows(like: pa.Array) -> pa.Array:
    return pa.array(np.arange(len(like)))


def _rest(observations: pa.Table) -> pa.Array:
    """Return what copies of a fact have in common to the letter, as one string."""
    base, unit = observations.column("value_base"), observations.column("unit_base")
    known = pc.and_(pc.is_valid(base), pc.is_valid(unit))
    value = pc.if_else(known, base, observations.column("obs_value"))
    own = {
        # Nine digits: 9319万元 and 0.9319亿元 are one value, whatever floats make of them.
        "value": _by_word(value, lambda x: f"{x:.9g}"),
        "unit": pc.if_else(known, unit, observations.column("unit")),
    }
    return _joined(*(own[name] if name in own else observations.column(name) for name in _REST))


def _names(observations: pa.Table) -> pa.Array:
    """Return the code of each indicator with brackets such as 月报口径, else its stripped name."""
    words = observations.column("indicator")
    codes = observations.column("indicator_id")
    coded = pc.binary_join_element_wise(pc.fill_null(codes, ""), _by_word(words, _basis), "")
    return _flat(pc.if_else(pc.is_valid(codes), coded, _by_word(words, name_key)))


def _flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _joined(*columns: pa.ChunkedArray | pa.Array) -> pa.Array:
    return _flat(pc.binary_join_element_wise(*(pc.fill_null(column, "") for column in columns), _SEPARATOR))


class _Statement(NamedTuple):
    """What copies of one figure may say differently, and the sections that say it so."""

    name: str
    status: str
    period: str
    year: int | None
    written: str
    printed: bool
    sections: list[str]

    def likeness(self, other: _Statement) -> tuple[float, ...]:
        """Return how near another statement is: by its name first."""
        same = (self.status == other.status, self.period == other.period, self.year == other.year)
        return (_alike(self.written, other.written), *map(int, same))

    def may_be(self, other: _Statement) -> bool:
        """Tell whether both can be one statement: two printed years that differ are two."""
        differ = self.year != other.year and None not in (self.year, other.year)
        return not (differ and self.printed and other.printed)


def _one_statement(connection: duckdb.DuckDBPyConnection, observations: pa.Table) -> pa.Table:
    """Return rest, name, status, period and year of each observation, the same ones where copies say one thing.

    Words, years and with them the status may be lost or replaced in a copy. What no copy states beside the other is
    taken for the same figure, if the number and all of `_REST` are the same and the names are alike.
    """
    own = pa.table(
        {
            "rest": _rest(observations),
            "name": _names(observations),
            "status": observations.column("obs_status"),
            "period": pc.fill_null(_by_word(observations.column("period_text"), _period), ""),
            "year": observations.column("year"),
        }
    )
    more = observations.select(["section_id", "is_canonical"])
    more = more.append_column("written", _by_word(observations.column("indicator"), name_key))
    more = more.append_column("printed", pc.equal(observations.column("year_basis"), "printed"))
    for name in own.column_names:
        more = more.append_column(name, own.column(name))
    connection.register("o", more)
    groups: dict[str, list[_Statement]] = {}
    for rest, *found in connection.execute(_STATEMENTS).fetchall():
        groups.setdefault(rest, []).append(_Statement(*found))
    connection.unregister("o")
    same: dict[str, _Statement] = {}
    for rest, group in groups.items():
        for given_up, kept in _same_statements(group):
            words = (rest, given_up.name, given_up.status, given_up.period, str(given_up.year or ""))
            same[_SEPARATOR.join(words)] = kept
    if not same:
        return own
    full = _joined(*(pc.cast(own.column(name), pa.string()) for name in own.column_names))
    at = pc.index_in(full, pa.array(list(same)))
    moved = pc.is_valid(at)
    for position, name in enumerate(("name", "status", "period", "year"), start=1):
        field = own.schema.field(name)
        kept = pa.array([getattr(one, name) for one in same.values()], field.type).take(at)
        own = own.set_column(position, field, pc.if_else(moved, kept, own.column(name)))
    return own


def _same_statements(found: list[_Statement]) -> list[tuple[_Statement, _Statement]]:
    """Return statements to give up, each with the one that is nearest among those that none of its copies makes."""
    out: list[tuple[_Statement, _Statement]] = []
    holders = [set(one.sections) for one in found]
    kept: list[int] = []
    for number, one in enumerate(found):
        free = [k for k in kept if holders[k].isdisjoint(one.sections) and one.may_be(found[k])]
        scores = [one.likeness(found[k]) for k in free]
        best = max(range(len(free)), key=scores.__getitem__, default=None)
        if best is not None and scores[best][0] >= SAME_NAME and scores.count(scores[best]) == 1:
            out.append((one, found[free[best]]))
            holders[free[best]].update(one.sections)
        else:
            kept.append(number)
    return out


def _alike(a: str, b: str) -> float:
    """Return how alike two names are; fully where one only has words more, as copies insert and lose them."""
    shorter = min(len(a), len(b))
    if shorter >= SHORTEST and LCSseq.similarity(a, b) == shorter:
        return 100.0
    return fuzz.ratio(a, b)


def _by_word(values: pa.ChunkedArray, function: object) -> pa.ChunkedArray:
    encoded = values.combine_chunks().dictionary_encode(null_encoding="encode")
    results = [function(word) for word in encoded.dictionary.to_pylist()]  # type: ignore[operator]
    return pa.chunked_array([pa.array(results, pa.string()).take(encoded.indices)])


def _basis(indicator: str | None) -> str:
    """Return the brackets that make another figure of one indicator: (月报口径)."""
    return "".join(re.findall(r"\([^()]*\)", name_key(indicator)))


def _period(text: str | None) -> str:
    """Return a period without its year: 五年 and 上半年 stay, 2004年 and ～年 leave nothing."""
    return _YEAR_WORDS.sub("", text or "")


def _table(
    observations: pa.Table, found: pa.Table, keys: pa.Array, sizes: pa.Table, attributions: pa.Table
) -> pa.Table:
    chosen = observations.take(found.column("i"))
    at = pc.index_in(chosen.column("section_id"), attributions.column("section_id").combine_chunks())
    own = [attributions.column(name).take(at).to_pylist() for name in ("region_code", "region_name")]
    regions = [
        region_of_scope(code, name, scope)
        for code, name, scope in zip(*own, chosen.column("scope").to_pylist(), strict=True)
    ]
    stated = zip(keys.take(found.column("i")).to_pylist(), found.column("slot").to_pylist(), strict=True)
    of_cluster = pc.index_in(chosen.column("cluster_id"), sizes.column("cluster_id").combine_chunks())
    columns = {name: chosen.column(name) for name in FACTS.names if name in chosen.column_names}
    columns |= {name: found.column(name) for name in ("n_copies", "n_sources", "flags")}
    columns |= {
        "n_sections": pc.fill_null(sizes.column("count_all").take(of_cluster), 1),
        "region_code": pa.array([code for code, _ in regions], pa.string()),
        "region_name": pa.array([name for _, name in regions], pa.string()),
        "fact_id": pa.array([make_id("a", key, str(year)) for key, year in stated], pa.string()),
    }
    table = pa.table({f.name: pc.cast(columns[f.name], f.type) for f in FACTS}, schema=FACTS)
    order = [(name, "ascending") for name in ("indicator_id", "indicator", "region_code", "year", "fact_id")]
    return table.sort_by(order)


@cache
def region_of_scope(code: str | None, name: str | None, scope: str | None) -> tuple[str | None, str | None]:
    """Return code and name of the division that a figure holds for.

    Parameters
    ----------
    code, name : the division that the report speaks for, None where that is not known
    scope : whose figure it is, in the words of the text; None where it says nothing

    Returns
    -------
    the report's own division without a scope or with one that means it (全县 in a county), a division above it where
    the scope can mean no other (全市 in a county), else None twice (园区, 全国)
    """
    if code is None or not scope:
        return code, name
    named = _SCOPE.fullmatch(scope)
    if named is None:
        return None, None
    kind = named[1]
    own = Division(code, name or "", None, None, 0, False)
    if _is_called(own, kind):
        return code, name
    above = [parent for parent in reversed(divisions().parents(own)) if _is_called(parent, kind)]
    return (above[0].code, divisions().path(above[0])) if above else (None, None)


def _is_called(division: Division, kind: str) -> bool:
    """Tell whether a place calls itself so: an autonomous region 区 as well."""
    own = kind_of(division.name)
    return own == kind or (kind == "区" and division.name.endswith("自治区"))
