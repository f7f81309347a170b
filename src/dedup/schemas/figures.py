"""The figures of reports: where and when they hold, what is measured, what checks say of them, and tables."""

from __future__ import annotations

import pyarrow as pa

from dedup.schemas.fields import attributed, field

MEASURES: tuple[str, ...] = ("level", "growth", "share", "count", "rate", "rank", "change_abs")
COMPARISONS: tuple[str, ...] = ("yoy", "annual_average", "from_to_start", "from_to_end")
BOUNDS: tuple[str, ...] = ("at_least", "at_most", "over", "under", "about")
STATUSES: tuple[str, ...] = ("actual", "target", "estimate")
AGGREGATIONS: tuple[str, ...] = ("point", "sum", "mean")
PRICE_BASES: tuple[str, ...] = ("constant", "current")
TABLE_ORIGINS: tuple[str, ...] = ("html", "markdown", "delimited", "aligned")

ATTRIBUTIONS = pa.schema(
    [
        field("section_id", pa.string(), "every matched section once"),
        field("doc_id", pa.string(), "document of the section"),
        *attributed("region", "place the report speaks for"),
        *attributed("year_review", "year the report looks back on"),
        *attributed("year_plan", "year the report plans for"),
        field(
            "overwritten_year",
            pa.int32(),
            "year that the page put in the place of others, as its text proves; null where none is",
            null=True,
        ),
        field("piece", pa.int32(), "which piece of its report this is, as the page says (当前第2页)", null=True),
        field("pieces", pa.int32(), "of how many, as the page says (共3页)", null=True),
        field("own_name", pa.string(), "how the section names its own place, in its words", null=True),
        field("work_id", pa.string(), "w_ + 16 hex digits: pieces of one report share it"),
        field("completeness", pa.string(), "full, no_head, no_tail, fragment or hole"),
    ]
)

#: Figures as the grammar finds them in clean texts, before they have places in pages, years and codes.
FOUND_FIGURES = pa.schema(
    [
        field("row", pa.int64(), "row of the text"),
        field("clean_start", pa.int64(), "first character of the evidence in the clean text"),
        field("clean_end", pa.int64(), "one past its last character"),
        field("value_clean_start", pa.int64(), "first character of the number in the clean text"),
        field("value_clean_end", pa.int64(), "one past its last character"),
        field("indicator", pa.string(), "what is measured, in the words of the text"),
        field("obs_value", pa.float64(), "the number, in `unit`; falls and cuts are negative"),
        field("value_text", pa.string(), "the number as written"),
        field("unit", pa.string(), "unit as written, without 余 and 多; empty for a bare number"),
        field("value_base", pa.float64(), "the number in `unit_base`; null where the unit is not known", null=True),
        field("unit_base", pa.string(), "unit without its scale (亿元: 元, ‰: %); null where not known", null=True),
        field("measure", pa.string(), "level, growth, share, count, rate, rank or change_abs"),
        field("comparison", pa.string(), "yoy, annual_average, from_to_start or from_to_end", null=True),
        field("bound", pa.string(), "at_least, at_most, over, under or about; null for an exact number", null=True),
        field("scope", pa.string(), "whose figure it is where the text says so: 全市, 全省, 园区 …", null=True),
        field("price_basis", pa.string(), "constant (不变价, 可比价) or current (现价)", null=True),
        field("aggregation", pa.string(), "point, sum (of several years) or mean (of several years)"),
        field("period_text", pa.string(), "the period as the text names it", null=True),
        field("obs_status", pa.string(), "actual, target or estimate"),
    ]
)

_FIGURE = [f for f in FOUND_FIGURES if not f.name.endswith(("clean_start", "clean_end")) and f.name != "row"]
_YEAR = [
    field("year", pa.int32(), "year the figure holds for (the last one of several); null where not proved", null=True),
    field("year_basis", pa.string(), "printed, resolved, inferred, masked, overwritten or none"),
]
_FLAGS = field(
    "flags",
    pa.list_(pa.string()),
    "failed consistency checks, each as `name: formula (tolerance)`; evidence/checks has them with their numbers",
)

OBSERVATIONS = pa.schema(
    [
        field("observation_id", pa.string(), "o_ + 16 hex digits: hash of section_id, place and what is measured"),
        field("section_id", pa.string(), "section it stands in"),
        field("doc_id", pa.string(), "document of the section"),
        field("cluster_id", pa.string(), "cluster of the section"),
        field("is_canonical", pa.bool_(), "true in the canonical section of the cluster"),
        field("char_start", pa.int32(), "first character of the evidence in documents.text"),
        field("char_end", pa.int32(), "one past its last character"),
        field("value_start", pa.int32(), "first character of the number in documents.text"),
        field("value_end", pa.int32(), "one past its last character"),
        field("quote", pa.string(), "the evidence as the page has it: documents.text[char_start:char_end]"),
        _FIGURE[0],
        field("indicator_id", pa.string(), "code in data/reference/indicators.csv; null where none fits", null=True),
        *_FIGURE[1:],
        *_YEAR,
        _FLAGS,
    ]
)

FACTS = pa.schema(
    [
        field("fact_id", pa.string(), "a_ + 16 hex digits: hash of cluster_id and what is stated"),
        field("cluster_id", pa.string(), "cluster whose copies state it"),
        field("indicator_id", pa.string(), "code in data/reference/indicators.csv; null where none fits", null=True),
        _FIGURE[0],
        field("region_code", pa.string(), "division the figure holds for; null where not proved", null=True),
        field("region_name", pa.string(), "name of that division", null=True),
        *_YEAR,
        *_FIGURE[1:],
        field("n_copies", pa.int64(), "copies of the report that state it; a fact counts once however many these are"),
        field("n_sources", pa.int64(), "sources of these copies"),
        field("n_sections", pa.int64(), "copies of the report, with those that do not state it"),
        field("section_id", pa.string(), "section of the quote: the canonical one where it states the fact"),
        field("doc_id", pa.string(), "document of that section"),
        field("char_start", pa.int32(), "first character of the quote in documents.text"),
        field("char_end", pa.int32(), "one past its last character"),
        field("quote", pa.string(), "the evidence as the page has it"),
        field("observation_id", pa.string(), "the observation that the quote belongs to"),
        _FLAGS,
    ]
)

CHECKS = pa.schema(
    [
        field("check_id", pa.string(), "v_ + 16 hex digits: hash of section_id, name and observations"),
        field("rule", pa.string(), "name of the check, such as growth_from_to or ratio_sum"),
        field("section_id", pa.string(), "section whose figures are compared"),
        field("cluster_id", pa.string(), "its cluster"),
        field("observation_ids", pa.list_(pa.string()), "the observations judged, in the order of the formula"),
        field("base_ids", pa.list_(pa.string()), "observations of other sentences that they are only compared with"),
        field("formula", pa.string(), "the formula with the numbers put in"),
        field("stated", pa.float64(), "what the text says"),
        field("expected", pa.float64(), "what follows from the other figures"),
        field("tolerance", pa.float64(), "difference that rounding of the printed digits can explain"),
        field("holds", pa.bool_(), "false: the judged observations carry the check in their flags"),
    ]
)

EXTRACTED_TABLES = pa.schema(
    [
        field("table_id", pa.string(), "b_ + 16 hex digits: hash of doc_id, content and nth occurrence"),
        field("doc_id", pa.string(), "document it stands in"),
        field("section_id", pa.string(), "section it stands in; null where that is not known", null=True),
        field("ordinal", pa.int32(), "0-based position among the tables of the document"),
        field("origin", pa.string(), "html, markdown, delimited or aligned"),
        field("html_index", pa.int32(), "position in documents.tables_html; null for tables in the text", null=True),
        field("char_start", pa.int32(), "first character in documents.text; null where it is not there", null=True),
        field("char_end", pa.int32(), "one past the last character", null=True),
        field("caption", pa.string(), "caption or title line; empty where there is none"),
        field("n_rows", pa.int32(), "rows, spans resolved"),
        field("n_columns", pa.int32(), "columns, spans resolved"),
        field("header_rows", pa.int32(), "rows at the top that name the columns"),
        field("header_columns", pa.int32(), "columns at the left that name the rows"),
        field("n_numeric", pa.int32(), "cells of the body that hold a number"),
    ]
)

TABLE_CELLS = pa.schema(
    [
        field("table_id", pa.string(), "table"),
        field("row_index", pa.int32(), "0-based row in the resolved grid"),
        field("col_index", pa.int32(), "0-based column in the resolved grid"),
        field("row_header", pa.string(), "what names the row, levels joined by ' / '; empty in header rows"),
        field("column_header", pa.string(), "what names the column, levels joined by ' / '"),
        field("text", pa.string(), "text of the cell, white space collapsed"),
        field("value", pa.float64(), "number in the cell; null where it holds none, or a masked one", null=True),
        field("unit", pa.string(), "unit from the cell, else from its headers or the caption", null=True),
        field("is_header", pa.bool_(), "true in header rows and header columns"),
        field("is_repeated", pa.bool_(), "true where a span puts the text of another cell here"),
    ]
)
