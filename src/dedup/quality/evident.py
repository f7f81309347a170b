"""Rules whose answer is evident without Great Expectations, which takes seconds to import and milliseconds to ask.

What most rules look at can be read off an Arrow column: bounds, sets of values, forms. Where this shows that no row
breaks a rule, there is nothing more to say about it; bounds of whole numbers and sets of words also say which rows do.
Everywhere else, because a row breaks a rule or because a rule is written in a way that is not known here, Great
Expectations is asked, and what it answers counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.quality.outcome import SHOWN, Outcome

Expectation = Mapping[str, Any]
_Parameters = Mapping[str, float]
#: The one kind of rule on a table as a whole.
_ROW_COUNT = "expect_table_row_count_to_be_between"
#: Kinds of rules that also tell which rows break them; the others only tell when none does.
_EXACT = frozenset(f"expect_column_values_to_{kind}" for kind in ("be_between", "be_in_set", "not_be_in_set"))
#: What cannot be said here.
_Unsure = None

#: Letters, digits, punctuation and signs, none of which is white space in any version of Unicode.
_SEEN = r"[!-~\p{L}\p{N}\p{P}\p{S}]"
#: Forms that RE2 and Python read differently, and what RE2 may look for instead: whoever has it has the form for both.
_STRICTER = {r"\S": _SEEN, r"^[^\s]": f"^{_SEEN}"}
#: Forms that RE2 never finds where Python does not: plain characters, classes of ASCII, counts, anchors.
_PLAIN = re.compile(r"\^?(?:(?:[A-Za-z0-9_:-]|\\\.|\[[A-Za-z0-9_-]+\])(?:\{[0-9]+(?:,[0-9]*)?\}|[*+?])?)+\$?")


def evident(
    table: pa.Table, expectation: Expectation, parameters: _Parameters, identifying: list[str]
) -> Outcome | None:
    """Return what a rule says of the rows of a table, or None where Great Expectations has to be asked.

    Parameters
    ----------
    table : the columns that the rule looks at, and those that name a row
    parameters : values that expectations refer to with `$PARAMETER`
    identifying : columns that name a row
    """
    if expectation["type"] == _ROW_COUNT:
        return _row_count(table, expectation["kwargs"])
    known = _KNOWN.get(str(expectation["type"]))
    if known is None:
        return None
    arguments, looks = known
    kwargs = {name: value for name, value in expectation["kwargs"].items() if value is not None}
    share = kwargs.pop("mostly", 1.0)
    condition = kwargs.pop("row_condition", None)
    if not kwargs.keys() <= arguments or not isinstance(share, int | float):
        return None
    kwargs = {name: _resolved(value, parameters) for name, value in kwargs.items()}
    columns = [kwargs[name] for name in ("column", "column_A", "column_B") if name in kwargs]
    if not set(columns) <= set(table.column_names):
        return None
    if condition is not None:
        rows = _rows_where(table, condition)
        if rows is None or share < 1:
            return None
        table = table.filter(rows)
    try:
        holds = looks(table, kwargs)
    except (pa.ArrowException, OverflowError, KeyError, re.error):
        return None
    if holds is _Unsure:
        return None
    if pc.all(holds, min_count=0).as_py():
        return Outcome(n_looked_at=len(holds) - holds.null_count if share < 1 else 0)
    exact = expectation["type"] in _EXACT and not pa.types.is_floating(table.column(columns[0]).type)
    return _broken(table, str(columns[0]), holds, float(share), identifying) if exact else None


def looks_at_rows(expectation: Expectation) -> bool | None:
    """Tell whether a rule looks at one row at a time, None where its kind is not known here."""
    return True if expectation["type"] in _KNOWN else False if expectation["type"] == _ROW_COUNT else None


def _broken(table: pa.Table, column: str, holds: pa.ChunkedArray, share: float, identifying: list[str]) -> Outcome:
    """Return which rows of a table break a rule, in the words that Great Expectations would have for it."""
    broken = pc.fill_null(pc.invert(holds), False)
    rows = table.filter(broken).select(list(dict.fromkeys([column, *identifying]))).to_pylist()
    outcome = Outcome()
    seen = list(dict.fromkeys(f"{row[column]!r:.60}" for row in rows[:SHOWN]))
    outcome.add(Outcome(False, len(rows), len(holds) - holds.null_count, rows, seen), share)
    return outcome


def _resolved(value: Any, parameters: _Parameters) -> Any:
    if isinstance(value, Mapping) and value.keys() == {"$PARAMETER"}:
        return parameters.get(str(value["$PARAMETER"]), value)
    return value


def _rows_where(table: pa.Table, condition: Any) -> pa.ChunkedArray | None:
    """Return which rows a condition names: columns of text that have a value each."""
    if not isinstance(condition, Mapping):
        return None
    if condition.get("type") == "and" and condition.keys() == {"type", "conditions"}:
        parts = [_rows_where(table, part) for part in condition["conditions"]]
        if not parts or any(part is None for part in parts):
            return None
        rows = parts[0]
        for part in parts[1:]:
            rows = pc.and_(rows, part)
        return rows
    if condition.keys() != {"type", "column", "operator", "parameter"} or condition["type"] != "comparison":
        return None
    column, value = condition["column"].get("name"), condition["parameter"]
    if column not in table.column_names or condition["operator"] != "==" or not isinstance(value, str):
        return None
    values = table.column(column)
    return pc.fill_null(pc.equal(values, value), False) if _is_text(values.type) else None


def _row_count(table: pa.Table, kwargs: Mapping[str, Any]) -> Outcome | None:
    least, most = kwargs.get("min_value"), kwargs.get("max_value", table.num_rows)
    sure = kwargs.keys() <= {"min_value", "max_value"} and isinstance(least, int) and isinstance(most, int)
    return Outcome() if sure and least <= table.num_rows <= most else None


def _between(table: pa.Table, kwargs: Mapping[str, Any]) -> pa.ChunkedArray | None:
    values = table.column(kwargs["column"])
    least, most = kwargs.get("min_value"), kwargs.get("max_value")
    bounds = [bound for bound in (least, most) if bound is not None]
    if not _is_number(values.type) or not bounds or not all(_is_bound(bound) for bound in bounds):
        return _Unsure
    if bounds[0] > bounds[-1]:
        return _Unsure
    values = _without_nan(values)
    holds = [pc.greater_equal(values, least)] if least is not None else []
    holds += [pc.less_equal(values, most)] if most is not None else []
    return holds[0] if len(holds) == 1 else pc.and_(*holds)


def _in_set(table: pa.Table, kwargs: Mapping[str, Any]) -> pa.ChunkedArray | None:
    values, allowed = table.column(kwargs["column"]), kwargs["value_set"]
    if not _is_text(values.type) or not isinstance(allowed, list) or not all(isinstance(v, str) for v in allowed):
        return _Unsure
    found = pc.is_in(values, pa.array(allowed, values.type))
    return pc.if_else(pc.is_valid(values), found, None)


def _not_in_set(table: pa.Table, kwargs: Mapping[str, Any]) -> pa.ChunkedArray | None:
    found = _in_set(table, kwargs)
    return found if found is _Unsure else pc.invert(found)


def _matches(table: pa.Table, kwargs: Mapping[str, Any]) -> pa.ChunkedArray | None:
    values, form = table.column(kwargs["column"]), kwargs["regex"]
    if not _is_text(values.type) or not isinstance(form, str):
        return _Unsure
    if form not in _STRICTER and not _PLAIN.fullmatch(form):
        return _Unsure
    return pc.match_substring_regex(values, _STRICTER.get(form, form))


def _does_not_match(table: pa.Table, kwargs: Mapping[str, Any]) -> pa.ChunkedArray | None:
    values, form = table.column(kwargs["column"]), kwargs["regex"]
    if not _is_text(values.type) or not isinstance(form, str):
        return _Unsure
    python = re.compile(form)
    if any(python.search(value) for value in pc.unique(pc.drop_null(values)).to_pylist()):
        return _Unsure
    return pc.invert(pc.match_substring_regex(values, form))


def _present(table: pa.Table, kwargs: Mapping[str, Any]) -> pa.ChunkedArray | None:
    return pc.is_valid(_without_nan(table.column(kwargs["column"])))


def _pair_is_equal(table: pa.Table, kwargs: Mapping[str, Any]) -> pa.ChunkedArray | None:
    pair = _pair(table, kwargs)
    return _Unsure if pair is None else pc.equal(*pair)


def _pair_descends(table: pa.Table, kwargs: Mapping[str, Any]) -> pa.ChunkedArray | None:
    pair = _pair(table, kwargs)
    return _Unsure if pair is None or kwargs.get("or_equal") is not True else pc.greater_equal(*pair)


def _pair(table: pa.Table, kwargs: Mapping[str, Any]) -> tuple[pa.ChunkedArray, pa.ChunkedArray] | None:
    a, b = table.column(kwargs["column_A"]), table.column(kwargs["column_B"])
    whole = pa.types.is_integer(a.type) and pa.types.is_integer(b.type)
    return (a, b) if whole and kwargs.get("ignore_row_if") == "either_value_is_missing" else None


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_bound(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _without_nan(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the values with null where they are no number, as data frames have it."""
    return pc.if_else(pc.is_nan(values), None, values) if pa.types.is_floating(values.type) else values


_Looks = Callable[[pa.Table, Mapping[str, Any]], pa.ChunkedArray | None]
#: Kinds of rules on rows: the arguments that are known, and what tells for each row whether it obeys (null: no value).
_KNOWN: dict[str, tuple[frozenset[str], _Looks]] = {
    "expect_column_values_to_be_between": (frozenset({"column", "min_value", "max_value"}), _between),
    "expect_column_values_to_be_in_set": (frozenset({"column", "value_set"}), _in_set),
    "expect_column_values_to_not_be_in_set": (frozenset({"column", "value_set"}), _not_in_set),
    "expect_column_values_to_match_regex": (frozenset({"column", "regex"}), _matches),
    "expect_column_values_to_not_match_regex": (frozenset({"column", "regex"}), _does_not_match),
    "expect_column_values_to_not_be_null": (frozenset({"column"}), _present),
    "expect_column_pair_values_to_be_equal": (frozenset({"column_A", "column_B", "ignore_row_if"}), _pair_is_equal),
    "expect_column_pair_values_a_to_be_greater_than_b": (
        frozenset({"column_A", "column_B", "or_equal", "ignore_row_if"}),
        _pair_descends,
    ),
}
