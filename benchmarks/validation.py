"""What validation costs: the narrow datasets of a release with a million observations, all rules of their suites.

    python -m benchmarks.validation [--rows 1000000]

The rows are made up and sound, so that every rule is asked of every row and no time goes into showing failures. All
keys and references are there: sections, clusters, members, observations, facts, checks, tables and their cells.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.measuring import machine, measure
from benchmarks.results import ROOT, write_result
from benchmarks.scaling import Peak

ROWS = 1_000_000
#: Figures a section states; pages of the kind this project is made for hold a hundred and more.
FIGURES = 125
_QUOTE = "全年粮食总产量124万吨"


def _ids(letter: str, numbers: np.ndarray) -> pa.Array:
    """Return well-formed ids of numbers."""
    return pa.array([f"{letter}_{n:016x}" for n in numbers.tolist()])


def _table(schema: pa.Schema, n: int, **columns: Any) -> pa.Table:
    """Return a table of `schema`; a column may be one value for all rows, one that is not given is null or zero."""
    arrays = []
    for field in schema:
        value = columns.get(field.name)
        if isinstance(value, pa.Array | pa.ChunkedArray | np.ndarray):
            arrays.append(pc.cast(pa.array(value) if isinstance(value, np.ndarray) else value, field.type))
        elif value is None and field.nullable:
            arrays.append(pa.nulls(n, field.type))
        elif value is None and pa.types.is_list(field.type):
            arrays.append(pa.array([[]] * n, field.type))
        else:
            plain = "" if pa.types.is_string(field.type) else 0
            arrays.append(pc.cast(pa.repeat(pa.scalar(plain if value is None else value), n), field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def made_up(rows: int) -> tuple[dict[str, pa.Table], dict[str, pa.Table]]:
    """Return the datasets to hold against their suites, with `rows` observations, and those they refer to."""
    from dedup import schemas

    n = max(1, rows // FIGURES)
    sections = np.arange(n)
    section, doc, cluster = (_ids(letter, sections) for letter in "sdc")
    of = np.arange(rows) // FIGURES % n
    value = np.round(np.random.default_rng(1).lognormal(4, 2, rows), 2)
    at = np.arange(rows) % FIGURES * 20
    indices = pa.array(of)
    figure = {
        "section_id": section.take(indices),
        "doc_id": doc.take(indices),
        "cluster_id": cluster.take(indices),
        "char_start": at,
        "char_end": at + len(_QUOTE),
        "quote": _QUOTE,
        "indicator": "粮食总产量",
        "indicator_id": "grain_output",
        "obs_value": value,
        "value_text": pc.cast(pa.array(value), pa.string()),
        "unit": "万吨",
        "value_base": value * 1e4,
        "unit_base": "吨",
        "measure": "level",
        "aggregation": "point",
        "year": 1990 + of % 30,
        "year_basis": "printed",
        "obs_status": "actual",
    }
    observation = _ids("o", np.arange(rows))
    observations = _table(
        schemas.OBSERVATIONS,
        rows,
        **figure,
        observation_id=observation,
        is_canonical=True,
        value_start=at + 7,
        value_end=at + 10,
    )
    facts = _table(
        schemas.FACTS,
        rows,
        **figure,
        fact_id=_ids("a", np.arange(rows)),
        observation_id=observation,
        region_code="539999",
        region_name="云南省云溪县",
        n_copies=1,
        n_sources=1,
        n_sections=1,
    )
    some = np.arange(rows // 10) * 10
    checks = _table(
        schemas.CHECKS,
        some.size,
        check_id=_ids("v", some),
        rule="level_growth",
        section_id=section.take(pa.array(of[some])),
        cluster_id=cluster.take(pa.array(of[some])),
        observation_ids=pa.ListArray.from_arrays(
            pa.array(np.arange(some.size + 1, dtype=np.int32)), observation.take(pa.array(some))
        ),
        formula="a = b",
        stated=1.0,
        expected=1.0,
        tolerance=0.1,
        holds=True,
    )
    n_tables = max(1, rows // 100)
    table = _ids("b", np.arange(n_tables))
    tables = _table(
        schemas.EXTRACTED_TABLES,
        n_tables,
        table_id=table,
        doc_id=doc.take(pa.array(np.arange(n_tables) % n)),
        section_id=section.take(pa.array(np.arange(n_tables) % n)),
        ordinal=np.arange(n_tables) // n,
        origin="html",
        html_index=0,
        n_rows=5,
        n_columns=4,
        header_rows=1,
        n_numeric=12,
    )
    cell = np.arange(n_tables * 20)
    cells = _table(
        schemas.TABLE_CELLS,
        cell.size,
        table_id=table.take(pa.array(cell // 20)),
        row_index=cell % 20 // 4,
        col_index=cell % 4,
        text="12.5",
        value=12.5,
        unit="亿元",
        is_header=False,
        is_repeated=False,
    )
    membership = _table(
        schemas.MEMBERSHIP,
        n,
        section_id=section,
        cluster_id=cluster,
        is_canonical=True,
        reason="the only copy",
        stands_for=section,
        similarity=1.0,
        rule="canonical",
    )
    clusters = _table(
        schemas.CLUSTERS,
        n,
        cluster_id=cluster,
        family_id=_ids("f", sections),
        canonical_section=section,
        kind="report",
        n_sections=1,
        most_sections=1,
        n_documents=1,
        n_sources=1,
        min_similarity=1.0,
        link_rule="single",
        status="auto",
        first_release="2031-03-04.1",
    )
    known = {
        "sections": _table(
            schemas.SECTIONS, n, section_id=section, doc_id=doc, source="made-up", kind="report", char_end=FIGURES * 20
        ).drop_columns(["clean_text", "clean_map"]),
        "documents": _table(schemas.DOCUMENTS, n, doc_id=doc, n_chars=FIGURES * 20).drop_columns(["text"]),
        "fingerprints": pa.table({"section_id": section}),
        "pairs": schemas.empty(schemas.PAIRS),
        "attributions": schemas.empty(schemas.ATTRIBUTIONS),
    }
    checked = {
        "observations": observations,
        "facts": facts,
        "checks": checks,
        "extracted_tables": tables,
        "table_cells": cells,
        "membership": membership,
        "clusters": clusters,
    }
    return checked, known


def run(rows: int) -> dict[str, Any]:
    """Validate made-up datasets; return what each cost alone, beside the others it refers to, and all together."""
    from dedup.quality import validate

    tables, known = made_up(rows)
    small, beside = made_up(1000)
    validate(small, known=beside)  # imports and first calls are no part of any figure
    peak, lines = Peak(), {}
    whole = {name: [name] for name in ("observations", "facts", "table_cells")} | {"all of them": list(tables)}
    for title, names in whole.items():
        peak.take()
        wall, cpu = time.perf_counter(), time.process_time()
        others = {name: table for name, table in tables.items() if name not in names}
        report = validate({name: tables[name] for name in names}, known=known | others)
        if report.broken:
            raise RuntimeError(f"made-up rows break rules: {[r.rule for r in report.broken]}")
        lines[title] = {
            "rows": sum(report.rows.values()),
            "rules": len(report.results),
            "kinds": dict(Counter("great_expectations" if "_column_" in r.kind else "duckdb" for r in report.results)),
            "wall_s": time.perf_counter() - wall,
            "cpu_s": time.process_time() - cpu,
            "anonymous_mb": peak.take(),
        }
    return {"datasets": lines}


def measure_validation(rows: int = ROWS) -> dict[str, Any]:
    """Validate in a process of its own."""
    cost = measure([sys.executable, "-m", "benchmarks.validation", "--run", "--rows", str(rows)], cwd=ROOT)
    found: dict[str, Any] = json.loads(cost.output.splitlines()[-1])
    return found


def main() -> None:
    """Measure, keep the figures, print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS, help="observations (default %(default)s)")
    parser.add_argument("--run", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        print(json.dumps(run(arguments.rows)))
    else:
        result = measure_validation(arguments.rows)
        write_result("validation", {"machine": machine(), **result})
        print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
