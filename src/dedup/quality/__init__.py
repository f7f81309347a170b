"""Validation before publication: reviewed suites of Great Expectations, failing rows by key, an offline page."""

from dedup.quality.page import write_quality_page
from dedup.quality.report import ExpectationResult, QualityReport
from dedup.quality.suites import Suite, SuiteError, load_suites
from dedup.quality.validating import validate

__all__ = [
    "ExpectationResult",
    "QualityReport",
    "Suite",
    "SuiteError",
    "load_suites",
    "validate",
    "write_quality_page",
]
