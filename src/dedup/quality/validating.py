"""Holding datasets against their suites: part by part with Great Expectations, across rows and datasets with DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from dedup.quality.evaluating import Evaluator, is_of_rows, mostly
from dedup.quality.frames import PIECE_ROWS, fresh_parts, measured, pieces
from dedup.quality.outcome import Outcome
from dedup.quality.proven import Proven
from dedup.quality.querying import Query, used_columns
from dedup.quality.report import ExpectationResult, QualityReport, key_columns, record_id
from dedup.quality.suites import FIND_NOTHING, OWN, ROWS_SATISFY, Suite, load_suites, looked_at
from dedup.schemas import DATASETS, QUARANTINE
from dedup.settings import RuleSettings
from dedup.sources.batch import record_json

#: Keys of failing rows kept in a result; all of them stand in `QualityReport.failing`.
EXAMPLES = 20
#: Failing rows that are written down at once.
_ROWS = 10_000
#: Columns of whole texts: what comes in parts is remembered without them.
_TEXTS = ("text", "clean_text", "clean_map", "tables_html")
#: Columns that say on what a year or place rests: of all datasets that have them.
_BASES = ("year", "year_review", "year_plan", "region")

#: What rules say, by dataset and rule.
_Outcomes = dict[tuple[str, str], Outcome]


def validate(
    tables: Mapping[str, pa.Table | Iterable[pa.Table]],
    *,
    known: Mapping[str, pa.Table] | None = None,
    extra: Path | None = None,
    rules: Sequence[RuleSettings] = (),
    parameters: Mapping[str, float] | None = None,
    memory_limit: str = "1GB",
    threads: int = 0,
    piece_rows: int = PIECE_ROWS,
    proven: Proven | None = None,
) -> QualityReport:
    """Check tables against the suites of their datasets.

    Parameters
    ----------
    tables : dataset name -> table with (at least) the columns of its schema, or the parts of one, each of which
        is forgotten before the next is asked for; a dataset without a suite is only looked into by rules of others.
        Texts are only measured, slice by slice, so memory-mapped tables stay on disk
    known : further datasets that rules of `tables` look into; they are not checked themselves. A rule that looks
        into a dataset which is in neither is passed over
    extra : folder with further suites of the user
    rules : further conditions on rows, as `dedup.toml` states them
    parameters : values of the run that suites refer to: `jaccard` and `edit`, the thresholds pairs must reach
        (default: as the suites say)
    memory_limit, threads : bounds for DuckDB, which spills to disk beyond the former
    piece_rows : rows that Great Expectations looks at at once
    proven : rows of whole tables that were held against the same rules before (default: none)

    Raises
    ------
    SuiteError
        A suite is missing or malformed.
    """
    suites = load_suites(extra, rules)
    names = [name for name in DATASETS if name in tables and name in suites]
    if not names:
        return QualityReport(())
    evaluator = Evaluator()
    outcomes: _Outcomes = {}
    rows: dict[str, int] = {}
    with Query(memory_limit, threads) as query:
        kept: dict[str, pa.Table] = {}
        for name in names:
            table, suite = tables[name], suites[name]
            known_rows = proven.of(name) if proven is not None and isinstance(table, pa.Table) else None
            if proven is not None and known_rows is not None and isinstance(table, pa.Table):
                first, suite = _divided(suite, proven)
                fresh = fresh_parts(table, known_rows)
                outcomes |= _look_at_parts(evaluator, query, first, fresh, parameters or {}, piece_rows)[0]
            found = _look_at_parts(evaluator, query, suite, table, parameters or {}, piece_rows)
            outcomes |= found[0]
            kept[name] = found[1]
            rows[name] = found[1].num_rows
        whole = {name: table for name, table in tables.items() if isinstance(table, pa.Table)}
        for name, table in {**(known or {}), **whole, **kept}.items():
            query.show(name, table)
        for name in names:
            for expectation in suites[name].expectations:
                across = expectation["type"] in OWN and expectation["type"] != ROWS_SATISFY
                if across and query.can_answer(name, expectation):
                    outcomes[name, _rule(expectation)] = query.across(name, expectation)
        bases = _bases(query, names)
    results: list[ExpectationResult] = []
    failing: list[pa.Table] = [QUARANTINE.empty_table()]
    for name in names:
        for expectation in suites[name].expectations:
            if (outcome := outcomes.pop((name, _rule(expectation)), None)) is None:
                continue
            result = _result(name, expectation, outcome, rows[name])
            results.append(result)
            if result.status == "fail" and result.severity != "info":
                failing += _quarantine_rows(expectation, result, outcome)
    return QualityReport(tuple(results), pa.concat_tables(failing), rows, bases)


def _divided(suite: Suite, proven: Proven) -> tuple[Suite, Suite]:
    """Return the rules of a suite that only new rows are held against, and the others."""
    name = suite.dataset
    kinds = [
        (e["type"] == ROWS_SATISFY or (e["type"] not in OWN and is_of_rows(e) and mostly(e) >= 1.0))
        and proven.holds(name, _rule(e))
        for e in suite.expectations
    ]
    parts = (
        tuple(e for e, of_new in zip(suite.expectations, kinds, strict=True) if of_new is wanted)
        for wanted in (True, False)
    )
    first, rest = (Suite(name, part, suite.parameters) for part in parts)
    return first, rest


def _look_at_parts(
    evaluator: Evaluator,
    query: Query,
    suite: Suite,
    table: pa.Table | Iterable[pa.Table],
    parameters: Mapping[str, float],
    piece_rows: int,
) -> tuple[_Outcomes, pa.Table]:
    """Return what rules on rows, and Great Expectations' rules on tables, say; and the table without its texts."""
    name = suite.dataset
    expected = [e for e in suite.expectations if e["type"] not in OWN]
    of_rows = [e for e in expected if is_of_rows(e)]
    of_tables = [e for e in expected if not is_of_rows(e)]
    conditions = [e for e in suite.expectations if e["type"] == ROWS_SATISFY]
    values = {**suite.parameters, **parameters}
    outcomes: _Outcomes = {(name, _rule(e)): Outcome() for e in (*of_rows, *of_tables, *conditions)}
    shares = {_rule(e): mostly(e) for e in of_rows}
    kept: list[pa.Table] = []
    whole: list[pa.Table] = []
    waiting: list[pa.Table] = []

    def take(found: Mapping[str, Outcome]) -> None:
        for rule, outcome in found.items():
            outcomes[name, rule].add(outcome, shares.get(rule, 1.0))

    def evaluate() -> None:
        rows = pa.concat_tables(waiting)
        waiting.clear()
        # No row breaks a rule on rows.
        take(evaluator.evaluate(name, rows, of_rows if rows.num_rows else [], values))

    for part in pieces(table, piece_rows) if expected or conditions or not isinstance(table, pa.Table) else ():
        if conditions and part.num_rows:
            query.show(name, part)
            take(query.satisfied(name, conditions))
            query.forget(name)
        waiting.append(measured(part, name, looked_at(of_rows)))
        if sum(piece.num_rows for piece in waiting) >= piece_rows:
            evaluate()
        if of_tables:
            whole.append(measured(part, name, looked_at(of_tables)))
        if not isinstance(table, pa.Table):
            kept.append(part.drop_columns([text for text in _TEXTS if text in part.column_names]))
    if waiting:
        evaluate()
    evaluator.require_known(name, of_rows, values)
    if of_tables:
        rows = pa.concat_tables(whole or [DATASETS[name].schema.empty_table()])
        take(evaluator.evaluate(name, rows, of_tables, values))
    return outcomes, table if isinstance(table, pa.Table) else pa.concat_tables(kept or [_nothing(name)])


def _nothing(name: str) -> pa.Table:
    table = DATASETS[name].schema.empty_table()
    return table.drop_columns([text for text in _TEXTS if text in table.column_names])


def _bases(query: Query, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return how many rows of which datasets rest their years and places on what."""
    found: dict[str, dict[str, int]] = {}
    for name in names:
        columns = DATASETS[name].schema.names
        for what in _BASES:
            if f"{what}_basis" in columns:
                counts = query.counts(f'SELECT {what}_basis, count(*) FROM "{name}" GROUP BY 1 ORDER BY 2 DESC, 1')
                found[f"{name}.{what}"] = {str(basis): n for basis, n in counts}
    return found


def _rule(expectation: Mapping[str, Any]) -> str:
    return str(expectation["meta"]["rule"])


def _result(dataset: str, expectation: Mapping[str, Any], outcome: Outcome, n_rows: int) -> ExpectationResult:
    kwargs = expectation["kwargs"]
    shown = "" if _redacted(expectation) else "; ".join(outcome.seen)
    status = "error" if outcome.fault is not None else "pass" if outcome.holds else "fail"
    if outcome.fault is not None:
        observed = f"could not be evaluated: {outcome.fault}"
    elif outcome.n_failing:
        observed = f"{outcome.n_failing} of {n_rows} rows" + (shown and f": {shown}")
    else:
        observed = shown
    columns = [kwargs[name] for name in ("column", "column_A", "column_B") if name in kwargs]
    columns = columns or list(kwargs.get("column_list", ()))
    if expectation["type"] in OWN:
        columns = used_columns(dataset, expectation)
    return ExpectationResult(
        dataset=dataset,
        rule=_rule(expectation),
        severity=expectation["severity"],
        status=status,  # type: ignore[arg-type]
        kind=expectation["type"],
        columns=tuple(columns),
        why=expectation["meta"]["why"],
        n_rows=n_rows,
        n_failing=outcome.n_failing,
        observed=observed,
        examples=tuple(record_id(dataset, row) for row in outcome.rows[:EXAMPLES]),
    )


def _quarantine_rows(expectation: Mapping[str, Any], result: ExpectationResult, outcome: Outcome) -> Iterator[pa.Table]:
    """Yield a row of quarantine for each failing row, some thousands at a time."""
    key = key_columns(result.dataset)
    hidden = _redacted(expectation)
    for start in range(0, len(outcome.rows), _ROWS):
        found = []
        for row in outcome.rows[start : start + _ROWS]:
            looked = [n for n in row if n not in key] if result.kind == FIND_NOTHING else result.columns
            values = {name: row[name] for name in looked if name in row and not hidden}
            shown = ", ".join(f"{name} = {value!r:.80}" for name, value in values.items())
            found.append(
                {
                    "dataset": result.dataset,
                    "record_id": record_id(result.dataset, row),
                    "source": str(row.get("source") or ""),
                    "rule": result.rule,
                    "reason": f"{result.why} ({shown})" if shown and result.why else result.why or shown,
                    "record": record_json({**{name: row[name] for name in key if name in row}, **values}),
                }
            )
        yield pa.Table.from_pylist(found, schema=QUARANTINE)


def _redacted(expectation: Mapping[str, Any]) -> bool:
    """Tell whether the values a rule looks at are secrets that must not be repeated anywhere."""
    return bool(expectation["meta"].get("redact"))
