"""Validation before publication: reviewed suites of Great Expectations, failing rows by key, an offline page."""

from dedup.quality.cascade import SetAside, set_rows_aside
from dedup.quality.page import write_quality_page
from dedup.quality.proven import describe_held, describe_suites, find_proven
from dedup.quality.querying import require_evaluable
from dedup.quality.report import DatasetLine, ExpectationResult, QualityReport
from dedup.quality.suites import Suite, SuiteError, load_suites
from dedup.quality.validating import validate

__all__ = [
    "DatasetLine",
    "ExpectationResult",
    "QualityReport",
    "SetAside",
    "Suite",
    "SuiteError",
    "describe_held",
    "describe_suites",
    "find_proven",
    "load_suites",
    "require_evaluable",
    "set_rows_aside",
    "validate",
    "write_quality_page",
]
