"""The stage that turns texts and pages into figures, facts and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from dedup import schemas

if TYPE_CHECKING:
    from dedup.engines.local import LocalRun

#: Datasets that this stage makes.
DATASETS = ("observations", "checks", "facts", "extracted_tables", "table_cells")


def nothing_extracted() -> dict[str, pa.Table]:
    """Return the datasets of this stage without rows."""
    return {name: schemas.empty(schemas.DATASETS[name].schema) for name in DATASETS}


def extract(run: LocalRun) -> dict[str, pa.Table]:
    """Return the datasets of this stage, and `refused`: sections whose figures could not be read."""
    from dedup.engines.figuring import extract_figures
    from dedup.engines.tabling import find_tables

    with run.meter.measure("tables"):
        tables = find_tables(run)
    with run.meter.measure("figures"):
        tables |= extract_figures(run, tables["extracted_tables"])
    run.meter.note("tables", tables=tables["extracted_tables"].num_rows, cells=tables["table_cells"].num_rows)
    return tables
