"""Running the suites with Great Expectations: no telemetry, no files, no network."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dedup.quality.frames import build_frame, identifying_columns
from dedup.quality.report import ExpectationResult, QualityReport, record_id
from dedup.quality.suites import Suite, SuiteError, load_suites
from dedup.schemas import DATASETS, QUARANTINE
from dedup.sources.batch import record_json

if TYPE_CHECKING:
    import pandas as pd

#: Keys of failing rows kept in a result; all of them stand in `QualityReport.failing`.
EXAMPLES = 20

#: A failing row: its key, its source where it has one, and the values that the expectation looked at.
Row = dict[str, Any]


def validate(
    tables: Mapping[str, pa.Table | Iterable[pa.Table]],
    *,
    extra: Path | None = None,
    parameters: Mapping[str, float] | None = None,
) -> QualityReport:
    """Check tables against the suites of their datasets.

    Parameters
    ----------
    tables : dataset name -> table with (at least) the columns of its schema, or the parts of one, each of which
        is forgotten before the next is asked for; datasets without a suite are passed over. Texts are only
        measured, slice by slice, so memory-mapped tables stay on disk
    extra : folder with further suites of the user
    parameters : values of the run that suites refer to: `jaccard` and `edit`, the thresholds pairs must reach
        (default: as the suites say)

    Raises
    ------
    SuiteError
        A suite is missing or malformed.
    """
    suites = load_suites(extra)
    names = [name for name in DATASETS if name in tables and name in suites]
    if not names:
        return QualityReport(())
    context = _context()
    results: list[ExpectationResult] = []
    failing: list[dict[str, str]] = []
    for name in names:
        suite = suites[name]
        for expectation, result, rows in _run(context, suite, tables[name], parameters or {}):
            results.append(result)
            if result.status == "fail" and result.severity != "info":
                failing += _quarantine_rows(expectation, result, rows)
    return QualityReport(tuple(results), pa.Table.from_pylist(failing, schema=QUARANTINE))


def _context() -> Any:
    """Return a context that lives in memory and tells nobody."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    # This module sets its own level; under Prefect its notes on temporary folders would stand in the output of a run.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


def _run(
    context: Any, suite: Suite, table: pa.Table | Iterable[pa.Table], parameters: Mapping[str, float]
) -> Iterator[tuple[Mapping[str, Any], ExpectationResult, list[Row]]]:
    """Yield each expectation, in the order of the suite, its result and the failing rows."""
    frame = build_frame(table, suite)
    batch = _batch(context, suite.dataset, frame)
    values = {**suite.parameters, **parameters}
    # Asking for nothing but yes or no halves the cost; details are asked for where the answer is no.
    answers = _ask(batch, suite.dataset, suite.expectations, {"result_format": "BOOLEAN_ONLY"}, values)
    broken = [e for e in suite.expectations if not answers[_rule(e)].success and not _fault(answers[_rule(e)])]
    if broken:
        detailed = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [n for n in identifying_columns(suite.dataset) if n in frame.columns],
            "return_unexpected_index_query": False,
        }
        answers |= _ask(batch, suite.dataset, broken, detailed, values)
    for expectation in suite.expectations:
        answer = answers[_rule(expectation)]
        rows = list((answer.result or {}).get("unexpected_index_list") or [])
        yield expectation, _result(suite.dataset, expectation, answer, rows, len(frame)), rows


def _ask(
    batch: Any,
    dataset: str,
    expectations: Sequence[Mapping[str, Any]],
    result_format: Mapping[str, Any],
    parameters: Mapping[str, float],
) -> dict[str, Any]:
    """Return what Great Expectations answers to each expectation, by rule."""
    import great_expectations as gx
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    configured = []
    for expectation in expectations:
        try:
            # A suite made from dictionaries would only log what it cannot use, and go on without it.
            configured.append(ExpectationConfiguration(**expectation).to_domain_obj())
        except (gx.exceptions.GreatExpectationsError, ValueError, TypeError) as error:
            raise SuiteError(f"suite {dataset}, rule {_rule(expectation)}: {error}") from error
    suite = gx.ExpectationSuite(name=dataset, expectations=configured)
    answers = batch.validate(suite, result_format=dict(result_format), expectation_parameters=dict(parameters))
    return {answer.expectation_config.meta["rule"]: answer for answer in answers.results}


def _rule(expectation: Mapping[str, Any]) -> str:
    return str(expectation["meta"]["rule"])


def _batch(context: Any, name: str, frame: pd.DataFrame) -> Any:
    source = context.data_sources.add_or_update_pandas(name)
    asset = source.add_dataframe_asset(name)
    return asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})


def _result(
    dataset: str, expectation: Mapping[str, Any], answer: Any, rows: list[Row], n_rows: int
) -> ExpectationResult:
    kwargs = expectation["kwargs"]
    detail = dict(answer.result or {})
    fault = _fault(answer)
    if fault is not None:
        status, observed = "error", f"could not be evaluated: {fault}"
    elif answer.success:
        status, observed = "pass", _observed(detail, _redacted(expectation))
    else:
        status, observed = "fail", _observed(detail, _redacted(expectation))
    columns = [kwargs[name] for name in ("column", "column_A", "column_B") if name in kwargs]
    return ExpectationResult(
        dataset=dataset,
        rule=expectation["meta"]["rule"],
        severity=expectation["severity"],
        status=status,  # type: ignore[arg-type]
        kind=expectation["type"],
        columns=tuple(columns or kwargs.get("column_list", ())),
        why=expectation["meta"]["why"],
        n_rows=n_rows,
        n_failing=int(detail.get("unexpected_count", 0)),
        observed=observed,
        examples=tuple(record_id(dataset, row) for row in rows[:EXAMPLES]),
    )


def _fault(answer: Any) -> str | None:
    """Return why an expectation could not run, or None when it did.

    Great Expectations reports either one exception or a mapping of metric ids to exceptions.
    """
    info = answer.exception_info
    if not info:
        return None
    entries = [info] if "raised_exception" in info else list(info.values())
    for entry in entries:
        if entry.get("raised_exception"):
            return str(entry.get("exception_message") or "no message").strip()
    return None


def _observed(detail: Mapping[str, Any], redacted: bool) -> str:
    if "unexpected_count" in detail:
        values = [] if redacted else detail.get("partial_unexpected_list") or []
        shown = ", ".join(dict.fromkeys(f"{value!r:.60}" for value in values[:5]))
        return f"{detail['unexpected_count']} of {detail.get('element_count', 0)} rows" + (shown and f": {shown}")
    return f"{detail['observed_value']!r:.200}" if "observed_value" in detail else ""


def _quarantine_rows(
    expectation: Mapping[str, Any], result: ExpectationResult, rows: list[Row]
) -> list[dict[str, str]]:
    """Return a row of quarantine for each failing row."""
    found = []
    for row in rows:
        values = {name: row[name] for name in result.columns if name in row and not _redacted(expectation)}
        shown = ", ".join(f"{name} = {value!r:.80}" for name, value in values.items())
        known = {name: row[name] for name in [*DATASETS[result.dataset].key, *values]}
        found.append(
            {
                "dataset": result.dataset,
                "record_id": record_id(result.dataset, row),
                "source": str(row.get("source") or ""),
                "rule": result.rule,
                "reason": f"{result.why} ({shown})" if shown and result.why else result.why or shown,
                "record": record_json(known),
            }
        )
    return found


def _redacted(expectation: Mapping[str, Any]) -> bool:
    """Tell whether the values a rule looks at are secrets that must not be repeated anywhere."""
    return bool(expectation["meta"].get("redact"))
