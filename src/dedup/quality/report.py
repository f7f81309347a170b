"""What validation found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from dedup.schemas import DATASETS, QUARANTINE, empty

Status = Literal["pass", "fail", "error"]

#: What names a row of a dataset without a key.
_NAMED_BY = {"quarantine": ("dataset", "record_id", "rule"), "runs": ("run_id", "stage", "metric")}


@dataclass(frozen=True)
class ExpectationResult:
    """One expectation on one dataset.

    Attributes
    ----------
    dataset, rule, severity : which expectation
    status : `pass`; `fail`: the data break it; `error`: it could not be evaluated, which proves nothing about the
        data and therefore stops a release like a broken critical rule
    kind : type of the expectation
    columns : what it looks at
    why : what the rule protects from
    n_rows, n_failing : rows of the dataset, rows that break the rule (0 for rules on the whole table)
    observed : what was seen, in words
    examples : keys of up to 20 failing rows
    """

    dataset: str
    rule: str
    severity: str
    status: Status
    kind: str
    columns: tuple[str, ...]
    why: str
    n_rows: int
    n_failing: int
    observed: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetLine:
    """One dataset: its rows, its rules by outcome, and the rows of it that were set aside."""

    dataset: str
    rows: int
    passed: int
    warned: int
    erred: int
    informed: int
    set_aside: int


@dataclass(frozen=True)
class QualityReport:
    """All results of a validation.

    Attributes
    ----------
    results : one per expectation, in the order of the suites
    failing : rows that break a critical or warning rule, with the schema of quarantine: `dataset`, `record_id`
        (the key; its parts are joined by a blank), `rule`, `reason`. A row stands once per rule it breaks
    rows : dataset -> rows that were looked at
    bases : such as `observations.year` -> basis -> rows: on what the years and places that are claimed rest
    set_aside : dataset -> rows that were set aside, those included that refer to others
    """

    results: tuple[ExpectationResult, ...]
    failing: pa.Table = field(default_factory=lambda: empty(QUARANTINE))
    rows: Mapping[str, int] = field(default_factory=dict)
    bases: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    set_aside: Mapping[str, int] = field(default_factory=dict)

    @property
    def critical(self) -> bool:
        """True when nothing may be published: a critical rule is broken, or a rule could not be evaluated."""
        return bool(self.stopping)

    @property
    def stopping(self) -> list[ExpectationResult]:
        """Results for which nothing may be published, in the order of `broken`."""
        return [r for r in self.broken if r.status == "error" or r.severity == "critical"]

    @property
    def broken(self) -> list[ExpectationResult]:
        """Results that did not pass: errors first, then by severity."""
        order = ["critical", "warning", "info"]
        return sorted(
            (r for r in self.results if r.status != "pass"),
            key=lambda r: (r.status != "error", order.index(r.severity), r.rule),
        )

    def counts(self) -> dict[str, int]:
        """Return the number of rules by outcome: `PASS`, `WARN`, `ERROR` (critical or not evaluated), `INFO`."""
        names = Counter(_outcome(result) for result in self.results)
        return {name: names[name] for name in ("PASS", "WARN", "ERROR", "INFO")}

    def summary(self) -> str:
        """Return one line such as `PASS=41 WARN=2 ERROR=0` (and INFO where something was only counted)."""
        counts = self.counts()
        shown = [name for name in counts if name != "INFO" or counts[name]]
        return " ".join(f"{name}={counts[name]}" for name in shown)

    def failing_keys(self, dataset: str) -> list[str]:
        """Return the `record_id` of the rows of `dataset` to set aside, sorted, each once."""
        rows = self.failing.filter(pc.equal(self.failing["dataset"], dataset))
        return sorted(set(rows["record_id"].to_pylist()))

    def join(self, *others: QualityReport) -> QualityReport:
        """Return one report of several validations of a run (before matching, before publication)."""
        reports: Sequence[QualityReport] = (self, *others)
        return QualityReport(
            tuple(result for report in reports for result in report.results),
            pa.concat_tables([report.failing for report in reports]),
            {name: n for report in reports for name, n in report.rows.items()},
            {name: counts for report in reports for name, counts in report.bases.items()},
            {name: n for report in reports for name, n in report.set_aside.items()},
        )

    def of_datasets(self) -> list[DatasetLine]:
        """Return a line for each dataset that was looked at, in reading order."""
        lines = []
        for name in DATASETS:
            results = [r for r in self.results if r.dataset == name]
            if results or name in self.rows:
                n = Counter(_outcome(result) for result in results)
                lines.append(
                    DatasetLine(
                        name,
                        self.rows.get(name, 0),
                        n["PASS"],
                        n["WARN"],
                        n["ERROR"],
                        n["INFO"],
                        self.set_aside.get(name, 0),
                    )
                )
        return lines

    def as_dict(self) -> dict[str, Any]:
        """Return counts and results for JSON; failing rows by their number and some examples only."""
        return {
            "summary": self.counts(),
            "datasets": [asdict(line) for line in self.of_datasets()],
            "bases": {name: dict(counts) for name, counts in self.bases.items()},
            "results": [asdict(result) for result in self.results],
        }


def _outcome(result: ExpectationResult) -> str:
    if result.status == "pass":
        return "PASS"
    if result.status == "error" or result.severity == "critical":
        return "ERROR"
    return "WARN" if result.severity == "warning" else "INFO"


def key_columns(dataset: str) -> tuple[str, ...]:
    """Return the columns that name a row: the key, and what comes nearest where rows have none."""
    return DATASETS[dataset].key or _NAMED_BY[dataset]


def record_id(dataset: str, row: Mapping[str, Any]) -> str:
    """Return the key of a row as one string, its parts joined by a blank."""
    return " ".join(str(row[name]) for name in key_columns(dataset) if name in row)
