"""Rules that DuckDB evaluates: conditions on rows, unique keys, references between datasets, queries.

The connection sees the tables it is given and nothing else: no files, no network, no other variable of the process.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dedup.id_numbers import Ids, read_ids
from dedup.quality.frames import identifying_columns
from dedup.quality.outcome import SHOWN, Outcome, Row
from dedup.quality.suites import FIND_NOTHING, ROWS_SATISFY, STAND_IN, UNIQUE_KEY, SuiteError
from dedup.schemas import DATASETS
from dedup.settings import RuleSettings

#: Settings that shut a connection in; the last one keeps them as they are.
_SHUT_IN = (
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")

Expectation = Mapping[str, Any]


class Query:
    """A DuckDB connection over Arrow tables, which stay where they are: only columns that a rule names are read."""

    def __init__(self, memory_limit: str = "1GB", threads: int = 0) -> None:
        self._spill = tempfile.TemporaryDirectory(prefix="dedup-quality-", ignore_cleanup_errors=True)
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "temp_directory": self._spill.name,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if threads:
            config["threads"] = threads
        self._connection = duckdb.connect(config=config)
        for setting in _SHUT_IN:
            self._connection.execute(setting)
        self._tables: dict[str, pa.Table] = {}
        self._targets: dict[tuple[str, str], Ids | None] = {}

    def __enter__(self) -> Query:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._spill.cleanup()

    def show(self, name: str, table: pa.Table) -> None:
        """Let queries see `table` under the name of its dataset, instead of what they saw before."""
        self._connection.register(name, table)
        self._tables[name] = table
        self._targets = {key: ids for key, ids in self._targets.items() if key[0] != name}

    def forget(self, name: str) -> None:
        """Let queries no longer see a table."""
        self._connection.unregister(name)
        self._tables.pop(name, None)

    def satisfied(self, dataset: str, expectations: Sequence[Expectation]) -> dict[str, Outcome]:
        """Return by rule what conditions say of the rows shown as `dataset`; all are counted in one pass."""
        if not expectations:
            return {}
        counts = [f"count(*) FILTER (WHERE NOT ({_condition(e)}))" for e in expectations]
        try:
            found = self._rows(f'SELECT {", ".join(counts)} FROM "{dataset}"')[0]
        except duckdb.Error:
            if len(expectations) == 1:
                return {_rule(expectations[0]): self._satisfied(dataset, expectations[0])}
            # One of them cannot be evaluated, which says nothing of the others.
            return {_rule(e): self._satisfied(dataset, e) for e in expectations}
        return {
            _rule(e): self._satisfied(dataset, e) if n else Outcome() for e, n in zip(expectations, found, strict=True)
        }

    def _satisfied(self, dataset: str, expectation: Expectation) -> Outcome:
        names = _columns(dataset, used_columns(dataset, expectation))
        return self._failing(f'SELECT {names} FROM "{dataset}" WHERE NOT ({_condition(expectation)})', expectation)

    def can_answer(self, dataset: str, expectation: Expectation) -> bool:
        """Tell whether all datasets are shown that a rule across rows looks into."""
        kwargs = expectation["kwargs"]
        others = kwargs.get("datasets") or [kwargs[name] for name in ("dataset",) if name in kwargs]
        return self._tables.keys() >= {dataset, *others}

    def across(self, dataset: str, expectation: Expectation) -> Outcome:
        """Return what a rule across rows or datasets says of the rows shown as `dataset`."""
        kwargs = expectation["kwargs"]
        kind = expectation["type"]
        if kind == UNIQUE_KEY:
            if self._is_evidently_unique(dataset, kwargs["columns"]):
                return Outcome()
            key = ", ".join(f'"{name}"' for name in kwargs["columns"])
            repeated = f'SELECT {key} FROM "{dataset}" GROUP BY {key} HAVING count(*) > 1'
            if not (repeats := self._failing(repeated, expectation)).rows:
                return repeats
            names = _columns(dataset, kwargs["columns"])
            return self._failing(
                f'SELECT {names} FROM "{dataset}" SEMI JOIN ({repeated}) AS repeated USING ({key})', expectation
            )
        if kind == STAND_IN:
            if self._all_stand_there(dataset, kwargs["column"], kwargs["dataset"], kwargs["target_column"]):
                return Outcome()
            return self._failing(_dangling(dataset, kwargs), expectation)
        if kind == FIND_NOTHING:
            return self._failing(str(kwargs["query"]), expectation)
        raise AssertionError(kind)

    def _is_evidently_unique(self, dataset: str, columns: Sequence[str]) -> bool:
        """Tell whether ids show that a key repeats nowhere."""
        table = self._tables[dataset]
        if not set(columns) <= set(table.column_names) or any(table.column(name).null_count for name in columns):
            return False
        if _rises(table, columns):
            return True
        if len(columns) != 1:
            return False
        ids = read_ids(table.column(columns[0]))
        return ids is not None and ids.distinct

    def _all_stand_there(self, dataset: str, column: str, target: str, target_column: str) -> bool:
        """Tell whether ids show that each value of a column, or of its lists, stands in another one."""
        place = (target, target_column)
        table, there = self._tables[dataset], self._tables[target]
        if column not in table.column_names or target_column not in there.column_names:
            return False
        if place not in self._targets:
            self._targets[place] = read_ids(there.column(target_column))
        known = self._targets[place]
        if known is None:
            return False
        values = table.column(column)
        ids = read_ids(pc.list_flatten(values) if pa.types.is_list(values.type) else values)
        return ids is not None and ids.within(known)

    def counts(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query of this project."""
        return self._rows(query)

    def _failing(self, query: str, expectation: Expectation) -> Outcome:
        try:
            cursor = self._connection.execute(query)
            names = [column[0] for column in cursor.description or ()]
            rows: list[Row] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except duckdb.Error as error:
            return Outcome(holds=False, fault=_first_lines(error))
        shown = [str(name) for name in expectation["kwargs"].get("columns", ())] or names
        seen = dict.fromkeys(", ".join(f"{n} = {row[n]!r:.60}" for n in shown if n in row) for row in rows[:SHOWN])
        return Outcome(holds=not rows, n_failing=len(rows), rows=rows, seen=list(seen))

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()


def _rises(table: pa.Table, columns: Sequence[str]) -> bool:
    """Tell whether a key of strings without nulls rises from row to row, which proves that it repeats nowhere."""
    if not all(pa.types.is_string(table.field(name).type) for name in columns):
        return False
    last: list[bytes] = []
    for batch in table.select(list(columns)).to_batches():
        if not batch.num_rows:
            continue
        # Order of bytes, as the comparison below has it.
        first, end = ([str(column[at].as_py()).encode() for column in batch.columns] for at in (0, batch.num_rows - 1))
        if last and first <= last:
            return False
        before, behind = batch.slice(0, batch.num_rows - 1), batch.slice(1)
        rises = pa.repeat(False, batch.num_rows - 1)
        for name in reversed(columns):
            one, other = before.column(name), behind.column(name)
            rises = pc.or_(pc.less(one, other), pc.and_(pc.equal(one, other), rises))
        if not pc.all(rises, min_count=0).as_py():
            return False
        last = end
    return True


def require_evaluable(rules: Iterable[RuleSettings]) -> None:
    """Refuse conditions of `dedup.toml` that no row could ever be held against, before anything is read.

    Raises
    ------
    SuiteError
        A dataset or column does not exist, the SQL is malformed, or it is no condition.
    """
    for rule in rules:
        place = f"[[quality.rule]] {rule.name!r}"
        if rule.dataset not in DATASETS:
            raise SuiteError(f"{place}: no dataset {rule.dataset!r}; expected one of {', '.join(DATASETS)}")
        with Query() as query:
            query.show(rule.dataset, DATASETS[rule.dataset].schema.empty_table())
            condition = f"({_bracketed(rule.sql)})"
            try:
                ((_, kind, *_),) = query.counts(f'DESCRIBE SELECT {condition} AS holds FROM "{rule.dataset}"')
                # What binds as a value may still not be allowed as a condition.
                query.counts(f'SELECT count(*) FILTER (WHERE NOT {condition}) FROM "{rule.dataset}"')
            except (duckdb.Error, ValueError) as error:
                raise SuiteError(f"{place}: {_first_lines(error)}\n  in: {rule.sql}") from error
        if kind != "BOOLEAN":
            raise SuiteError(f"{place}: expected a condition, which is true or false; this is {kind}: {rule.sql}")


def used_columns(dataset: str, expectation: Expectation) -> list[str]:
    """Return the columns of the dataset that an expectation of this project names, in the order of the schema."""
    kwargs = expectation["kwargs"]
    if expectation["type"] == ROWS_SATISFY:
        # Words in quotes are values; a column that is only mentioned in one would be shown for nothing.
        words = set(_WORD.findall(re.sub(r"'[^']*'", "", str(kwargs["condition"]))))
        return [name for name in DATASETS[dataset].schema.names if name in words]
    if expectation["type"] == STAND_IN:
        return [str(kwargs["column"])]
    return [str(name) for name in kwargs.get("columns", ())]


def _dangling(dataset: str, kwargs: Mapping[str, Any]) -> str:
    """Return a query for the rows whose value stands nowhere in the target column; lists are looked at one by one."""
    column, target, target_column = kwargs["column"], kwargs["dataset"], kwargs["target_column"]
    key = ", ".join(f'"{name}"' for name in identifying_columns(dataset))
    is_list = pa.types.is_list(DATASETS[dataset].schema.field(column).type)
    value = f'unnest("{column}")' if is_list else f'"{column}"'
    return (
        f'SELECT {key}, value AS "{column}" FROM (SELECT {key}, {value} AS value FROM "{dataset}") AS here '
        f'ANTI JOIN "{target}" AS there ON here.value = there."{target_column}" WHERE value IS NOT NULL'
    )


def _columns(dataset: str, names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in dict.fromkeys([*identifying_columns(dataset), *names]))


def _condition(expectation: Expectation) -> str:
    return _bracketed(str(expectation["kwargs"]["condition"]))


def _bracketed(condition: str) -> str:
    # A comment at the end of a condition must not swallow what follows it.
    return f"{condition}\n"


def _rule(expectation: Expectation) -> str:
    return str(expectation["meta"]["rule"])


def _first_lines(error: Exception) -> str:
    """Return what is wrong without the picture of the query that DuckDB draws below it."""
    return " ".join(str(error).partition("\n\nLINE ")[0].split())
