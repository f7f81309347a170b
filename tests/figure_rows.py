"""Reports as a test states them, with their figures: offsets, base units and ids follow from the text."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from functools import cache

import pyarrow as pa

from dedup.extraction.indicators import map_indicators
from dedup.ids import make_id
from dedup.reference import reference_file
from dedup.schemas.copies import CONFLICTS, MEMBERSHIP
from dedup.schemas.figures import ATTRIBUTIONS, OBSERVATIONS

_SCALES = {"": 1.0, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
NO_CONFLICTS = CONFLICTS.empty_table()


@cache
def _units() -> dict[str, tuple[str, float]]:
    with reference_file("units.csv").open(encoding="utf-8", newline="") as file:
        return {row["unit"]: (row["base"], float(row["scale"])) for row in csv.DictReader(file)}


def in_base(value: float, unit: str) -> tuple[float | None, str | None]:
    """Return a number and its unit in base units, None twice where the unit is not known."""
    for prefix, scale in _SCALES.items():
        if unit.startswith(prefix) and unit[len(prefix) :] in _units():
            base, own = _units()[unit[len(prefix) :]]
            return value * scale * own, base
    return None, None


@dataclass
class Report:
    """One section that is a report, standing at `start` in its document."""

    text: str
    section_id: str = "s_1"
    cluster_id: str = "c_1"
    is_canonical: bool = True
    source: str = "a"
    start: int = 7
    attribution: dict[str, object] = field(default_factory=dict)
    rows: list[dict[str, object]] = field(default_factory=list)
    _searched: int = 0

    def says(self, number: str, indicator: str, measure: str = "level", comparison: str | None = None, **more: object):
        """Add the next figure of the text: `number` as printed, digits and unit."""
        at = self.text.index(number, self._searched)
        self._searched = at + 1
        digits = re.match(r"[0-9.,]*", number)[0]
        unit = number[len(digits) :]
        value = float(digits) * more.pop("sign", 1)
        base, unit_base = in_base(value, unit)
        # Evidence is the sentence up to the end of the figure.
        first = max(self.text.rfind(mark, 0, at) for mark in "。；\n") + 1
        row = {
            "observation_id": make_id("o", self.section_id, str(at), indicator, measure, str(more.get("bound"))),
            "section_id": self.section_id,
            "doc_id": self.section_id.replace("s_", "d_"),
            "cluster_id": self.cluster_id,
            "is_canonical": self.is_canonical,
            "char_start": self.start + first,
            "char_end": self.start + at + len(number),
            "value_start": self.start + at,
            "value_end": self.start + at + len(digits),
            "quote": self.text[first : at + len(number)],
            "indicator": indicator,
            "obs_value": value,
            "value_text": digits,
            "unit": unit,
            "value_base": base,
            "unit_base": unit_base,
            "measure": measure,
            "comparison": comparison,
            "bound": None,
            "scope": None,
            "price_basis": None,
            "aggregation": "point",
            "period_text": None,
            "obs_status": "actual",
            "year": None,
            "year_basis": "none",
            "flags": [],
        }
        if "year" in more:
            row["year_basis"] = "printed"
        self.rows.append({**row, **more})
        return self


def observations(*reports: Report) -> pa.Table:
    """Return the figures of reports as OBSERVATIONS, with codes."""
    rows = [{"indicator_id": None, **row} for report in reports for row in report.rows]
    table = pa.Table.from_pylist(rows, OBSERVATIONS)
    codes = map_indicators(*(table.column(name) for name in ("indicator", "unit_base", "measure")))
    return table.set_column(table.column_names.index("indicator_id"), OBSERVATIONS.field("indicator_id"), codes)


def attributions(*reports: Report) -> pa.Table:
    """Return ATTRIBUTIONS of reports; what a report does not say is not proved."""
    names = ("region", "year_review", "year_plan")
    nothing = {f"{name}_{part}": value for name in names for part, value in _NOT_PROVED}
    rows = [
        {
            "section_id": report.section_id,
            "doc_id": report.section_id.replace("s_", "d_"),
            "work_id": "w_1",
            "completeness": "full",
            **nothing,
            **report.attribution,
        }
        for report in reports
    ]
    return pa.Table.from_pylist(rows, ATTRIBUTIONS)


_NOT_PROVED = (("basis", "none"), ("confidence", 0.0))


def texts(*reports: Report) -> pa.Table:
    """Return the sections as they stand in their documents."""
    return pa.table(
        {
            "section_id": [report.section_id for report in reports],
            "char_start": [report.start for report in reports],
            "text": [report.text for report in reports],
        }
    )


def membership(*reports: Report) -> pa.Table:
    """Return MEMBERSHIP of reports; copies are alike by 0.9."""
    head = {report.cluster_id: report.section_id for report in reports if report.is_canonical}
    rows = [
        {
            "section_id": report.section_id,
            "cluster_id": report.cluster_id,
            "is_canonical": report.is_canonical,
            "reason": "test",
            "stands_for": head[report.cluster_id],
            "similarity": 1.0 if report.is_canonical else 0.9,
            "rule": "canonical" if report.is_canonical else "jaccard",
        }
        for report in reports
    ]
    return pa.Table.from_pylist(rows, MEMBERSHIP)


def sections(*reports: Report) -> pa.Table:
    """Return section, document and source of reports."""
    return pa.table(
        {
            "section_id": [report.section_id for report in reports],
            "doc_id": [report.section_id.replace("s_", "d_") for report in reports],
            "source": [report.source for report in reports],
        }
    )
