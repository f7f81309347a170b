"""The dataset `runs` as a series: one record a run, oldest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from dedup.releases.layout import ReleaseId, parse_release_id

#: Before the name of a source, in the column `stage`.
SOURCE = "source:"
#: Before the name of a stage whose seconds and memory were measured.
STAGE = "stage:"


@dataclass(frozen=True)
class RunRecord:
    """What one run measured.

    Attributes
    ----------
    values : stage -> metric -> value, as in the dataset
    """

    run_id: str
    release_id: str
    started_at: datetime
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def get(self, stage: str, metric: str) -> float | None:
        """Return a value, None where the run did not measure it."""
        return self.values.get(stage, {}).get(metric)

    def of_source(self, name: str) -> Mapping[str, float]:
        """Return what the run measured of a source; nothing where it did not read that source."""
        return self.values.get(SOURCE + name, {})

    @property
    def sources(self) -> list[str]:
        """Names of the sources that the run read."""
        return [stage.removeprefix(SOURCE) for stage in self.values if stage.startswith(SOURCE)]

    @property
    def seconds(self) -> float | None:
        """Wall seconds of its stages together; None where none was measured."""
        stages = [m["wall_s"] for name, m in self.values.items() if name.startswith(STAGE) and "wall_s" in m]
        return sum(stages) if stages else None

    @property
    def limited(self) -> bool:
        """True for a run that was told to read a number of documents only: it says nothing about its sources."""
        return bool(self.get("run", "limited"))


def read_history(runs: pa.Table, last: int | None = None) -> list[RunRecord]:
    """Return the runs in the order of their releases, oldest first.

    Parameters
    ----------
    runs : table with the schema `schemas.RUNS`
    last : how many of the newest runs to return; all by default
    """
    named = runs.group_by(["run_id", "release_id", "started_at"]).aggregate([]).to_pylist()
    # Ids of releases are in the order of publication even where a clock went back.
    named.sort(key=lambda row: (parse_release_id(row["release_id"]) or ReleaseId(date.min, 1), row["started_at"]))
    kept = named[-last:] if last else named
    rows = runs.filter(pc.is_in(runs.column("run_id"), pa.array([row["run_id"] for row in kept], pa.string())))
    values: dict[str, dict[str, dict[str, float]]] = {row["run_id"]: {} for row in kept}
    columns = (rows.column(name).to_pylist() for name in ("run_id", "stage", "metric", "value"))
    for run_id, stage, metric, value in zip(*columns, strict=True):
        values[run_id].setdefault(stage, {})[metric] = value
    return [RunRecord(row["run_id"], row["release_id"], row["started_at"], values[row["run_id"]]) for row in kept]
