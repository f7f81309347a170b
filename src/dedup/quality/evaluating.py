"""Rules in the words of Great Expectations, on the parts of a table.

It is asked where it is not evident that a rule holds (`evident`), and only then imported: no telemetry, no files, no
network.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.quality.evident import evident, looks_at_rows
from dedup.quality.frames import as_frame, identifying_columns, measured
from dedup.quality.outcome import SHOWN, Outcome
from dedup.quality.suites import SuiteError, looked_at
from dedup.schemas import DATASETS

#: Expectations that look at one row at a time by their kind, and still compare rows with each other.
_ACROSS_ROWS = frozenset(
    {
        "expect_column_values_to_be_unique",
        "expect_compound_columns_to_be_unique",
        "expect_column_values_to_be_increasing",
        "expect_column_values_to_be_decreasing",
        "expect_column_value_z_scores_to_be_less_than",
    }
)

Expectation = dict[str, Any]


class Evaluator:
    """Great Expectations with a context that lives in memory and tells nobody."""

    @cached_property
    def _parts(self) -> Any:
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        import great_expectations as gx

        # This module sets its own level; under Prefect its notes on temporary folders would stand in the output of a
        # run.
        logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        # One asset serves all frames: each new one would make the context write itself down again, for 15 ms.
        asset = context.data_sources.add_pandas("tables").add_dataframe_asset("part")
        return asset.add_batch_definition_whole_dataframe("all")

    def evaluate(
        self, dataset: str, table: pa.Table, expectations: Sequence[Expectation], parameters: Mapping[str, float]
    ) -> dict[str, Outcome]:
        """Return by rule what expectations say of the rows of a table.

        Parameters
        ----------
        table : the columns that they look at, and those that name a row
        parameters : values that expectations refer to with `$PARAMETER`

        Raises
        ------
        SuiteError
            Great Expectations knows no such expectation, or not with these arguments.
        """
        keys = identifying_columns(dataset)
        found = {_rule(e): evident(table, e, parameters, keys) for e in expectations}
        asked = [e for e in expectations if found[_rule(e)] is None]
        if asked:
            needed = measured(table, dataset, looked_at(asked))
            found.update(self._answers(dataset, needed, asked, parameters))
        return {rule: outcome for rule, outcome in found.items() if outcome is not None}

    def _answers(
        self, dataset: str, table: pa.Table, expectations: Sequence[Expectation], parameters: Mapping[str, float]
    ) -> dict[str, Outcome]:
        frame = as_frame(table)
        batch = self._parts.get_batch({"dataframe": frame})
        # Asking for nothing but yes or no halves the cost; details are asked for where the answer is no, and where
        # the share of failing rows decides, which only all parts together tell.
        strict = [e for e in expectations if mostly(e) >= 1.0]
        answers = _ask(batch, dataset, strict, {"result_format": "BOOLEAN_ONLY"}, parameters)
        broken = [e for e in strict if not answers[_rule(e)].success and not _fault(answers[_rule(e)])]
        detailed = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [n for n in identifying_columns(dataset) if n in frame.columns],
            "return_unexpected_index_query": False,
        }
        lenient = [e for e in expectations if mostly(e) < 1.0]
        answers |= _ask(batch, dataset, [*broken, *lenient], detailed, parameters)
        return {_rule(e): _outcome(answers[_rule(e)]) for e in expectations}

    def require_known(self, dataset: str, expectations: Sequence[Expectation], parameters: Mapping[str, float]) -> None:
        """Refuse expectations that do not exist, also where there is no row to hold against them.

        Raises
        ------
        SuiteError
            Great Expectations knows no such expectation, or not with these arguments.
        """
        nothing = measured(DATASETS[dataset].schema.empty_table(), dataset, looked_at(expectations))
        keys = identifying_columns(dataset)
        _configured(dataset, [e for e in expectations if evident(nothing, e, parameters, keys) is None])


def is_of_rows(expectation: Expectation) -> bool:
    """Tell whether an expectation looks at rows one by one, so that it may be asked of parts of a table."""
    if (known := looks_at_rows(expectation)) is not None:
        return known
    from great_expectations.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.expectation import (
        ColumnMapExpectation,
        ColumnPairMapExpectation,
        MulticolumnMapExpectation,
    )
    from great_expectations.expectations.registry import get_expectation_impl

    kinds = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
    try:
        return issubclass(get_expectation_impl(expectation["type"]), kinds) and expectation["type"] not in _ACROSS_ROWS
    except ExpectationNotFoundError:
        return False


def mostly(expectation: Expectation) -> float:
    """Return the share of the rows that an expectation must hold for."""
    share = expectation["kwargs"].get("mostly", 1.0)
    return float(share) if isinstance(share, int | float) else 1.0


def _ask(
    batch: Any,
    dataset: str,
    expectations: Sequence[Expectation],
    result_format: Mapping[str, Any],
    parameters: Mapping[str, float],
) -> dict[str, Any]:
    """Return what Great Expectations answers to each expectation, by rule."""
    import great_expectations as gx

    if not expectations:
        return {}
    suite = gx.ExpectationSuite(name=dataset, expectations=_configured(dataset, expectations))
    answers = batch.validate(suite, result_format=dict(result_format), expectation_parameters=dict(parameters))
    return {answer.expectation_config.meta["rule"]: answer for answer in answers.results}


def _configured(dataset: str, expectations: Sequence[Expectation]) -> list[Any]:
    if not expectations:
        return []
    import great_expectations as gx
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    configured = []
    for expectation in expectations:
        try:
            # A suite made from dictionaries would only log what it cannot use, and go on without it.
            configured.append(ExpectationConfiguration(**expectation).to_domain_obj())
        except (gx.exceptions.GreatExpectationsError, ValueError, TypeError) as error:
            raise SuiteError(f"suite {dataset}, rule {_rule(expectation)}: {error}") from error
    return configured


def _rule(expectation: Expectation) -> str:
    return str(expectation["meta"]["rule"])


def _outcome(answer: Any) -> Outcome:
    fault = _fault(answer)
    if fault is not None:
        return Outcome(holds=False, fault=fault)
    detail = answer.result or {}
    rows = [{name: _plain(value) for name, value in row.items()} for row in detail.get("unexpected_index_list") or []]
    seen = [f"{_plain(value)!r:.60}" for value in (detail.get("partial_unexpected_list") or [])[:SHOWN]]
    if "unexpected_count" not in detail and "observed_value" in detail:
        seen = [f"{_plain(detail['observed_value'])!r:.200}"]
    return Outcome(
        holds=bool(answer.success),
        n_failing=int(detail.get("unexpected_count", 0)),
        n_looked_at=int(detail.get("element_count", 0)) - int(detail.get("missing_count", 0)),
        rows=rows,
        seen=list(dict.fromkeys(seen)),
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


def _plain(value: Any) -> Any:
    """Return a value as the dataset has it: frames hold integers with nulls among them as float."""
    if isinstance(value, tuple | list):
        return tuple(_plain(part) for part in value)
    if isinstance(value, np.generic):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value
