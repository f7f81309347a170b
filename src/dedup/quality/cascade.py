"""Rows that are set aside take with them what refers to them, through all datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.quality.report import key_columns
from dedup.quality.suites import STAND_IN, Suite
from dedup.schemas import DATASETS, QUARANTINE
from dedup.sources.batch import record_json

#: Datasets whose rows stay, whatever they break: they are only named in quarantine. `records` answers for every
#: input, `quarantine` and `runs` tell of the run itself; documents and sections were set aside before matching, and
#: fingerprints are theirs.
STAY = frozenset({"records", "quarantine", "runs", "documents", "sections", "fingerprints"})

#: What follows a row besides what refers to it by its key: (dataset, column, dataset it follows, column there).
ALSO: tuple[tuple[str, str, str, str], ...] = (
    # The figures of a report are published with it or not at all.
    ("facts", "cluster_id", "reports", "cluster_id"),
    # A report repeats place and years of its canonical section.
    ("reports", "section_id", "attributions", "section_id"),
    # A cluster is counted, and its best copy chosen, over all its members.
    ("clusters", "cluster_id", "membership", "cluster_id"),
    ("pairs", "section_a", "membership", "section_id"),
    ("pairs", "section_b", "membership", "section_id"),
    # A repaired text holds each of its repairs.
    ("consensus", "section_id", "repairs", "section_id"),
)


@dataclass(frozen=True)
class SetAside:
    """Rows that are not published.

    Attributes
    ----------
    gone : dataset -> (rows,) True where a row is set aside; datasets that lose nothing are left out
    quarantine : a row for each of them, with the schema of quarantine: those that break a rule, then those that follow
    """

    gone: Mapping[str, NDArray[np.bool_]]
    quarantine: pa.Table


def set_rows_aside(failing: pa.Table, tables: Mapping[str, pa.Table], suites: Mapping[str, Suite]) -> SetAside:
    """Find what goes with rows that break a warning.

    Parameters
    ----------
    failing : rows that break a rule, as `QualityReport.failing` has them
    tables : all datasets, without the texts of reports
    suites : say what refers to what (`expect_values_to_stand_in`, unless `when_set_aside` is `stay`)
    """
    # Which failing row a row goes with, -1 where it stays; the first one where there are several.
    cause = {name: np.full(table.num_rows, -1, dtype=np.int64) for name, table in tables.items() if name not in STAY}
    for name, causes in cause.items():
        at = np.flatnonzero(pc.equal(failing.column("dataset"), name).to_numpy(zero_copy_only=False))
        if at.size:
            broken = failing.column("record_id").take(pa.array(at)).combine_chunks()
            found = pc.index_in(_record_ids(name, tables[name]), broken)
            causes[:] = _where_known(found, at)
    own = {name: causes >= 0 for name, causes in cause.items()}
    links = [link for link in _links(suites) if link[0] in cause and link[2] in cause]
    changed = {name for name, causes in cause.items() if (causes >= 0).any()}
    while changed:
        now: set[str] = set()
        for name, column, target, target_column in links:
            if target in changed and _follow(
                cause[name], tables[name].column(column), cause[target], tables[target].column(target_column)
            ):
                now.add(name)
        changed = now
    gone = {name: causes >= 0 for name, causes in cause.items() if (causes >= 0).any()}
    followers = [
        _followers(name, tables[name], np.flatnonzero(gone[name] & ~own[name]), cause[name], failing) for name in gone
    ]
    return SetAside(gone, pa.concat_tables([failing, *followers]))


def _links(suites: Mapping[str, Suite]) -> Iterator[tuple[str, str, str, str]]:
    for name, suite in suites.items():
        for expectation in suite.expectations:
            kwargs = expectation["kwargs"]
            if expectation["type"] == STAND_IN and kwargs.get("when_set_aside", "follow") == "follow":
                yield name, kwargs["column"], kwargs["dataset"], kwargs["target_column"]
    yield from ALSO


def _follow(
    causes: NDArray[np.int64], values: pa.ChunkedArray, target_causes: NDArray[np.int64], targets: pa.ChunkedArray
) -> bool:
    """Let rows go with those they refer to; tells whether any did."""
    at = np.flatnonzero(target_causes >= 0)
    lost = targets.take(pa.array(at)).combine_chunks()
    if pa.types.is_list(values.type):
        values = values.combine_chunks()
        parents = pc.list_parent_indices(values).to_numpy()
        hits = _where_known(pc.index_in(pc.list_flatten(values), lost), target_causes[at])
        found = np.full(causes.size, -1, dtype=np.int64)
        # The first reference that is lost decides.
        found[parents[hits >= 0][::-1]] = hits[hits >= 0][::-1]
    else:
        found = _where_known(pc.index_in(values, lost), target_causes[at])
    new = (causes < 0) & (found >= 0)
    causes[new] = found[new]
    return bool(new.any())


def _where_known(places: pa.Array | pa.ChunkedArray, values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return values[place] for each place, -1 where it is null."""
    at = pc.fill_null(places, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(at >= 0, values[np.maximum(at, 0)], -1) if values.size else np.full(at.size, -1, dtype=np.int64)


def _record_ids(name: str, table: pa.Table) -> pa.Array | pa.ChunkedArray:
    columns = [pc.cast(table.column(column), pa.string()) for column in key_columns(name)]
    return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, " ")


def _followers(
    name: str, table: pa.Table, rows: NDArray[np.int64], cause: NDArray[np.int64], failing: pa.Table
) -> pa.Table:
    """Return a row of quarantine for each row that goes with another."""
    names = [*key_columns(name), *(["source"] if "source" in DATASETS[name].schema.names else [])]
    taken = table.select(list(dict.fromkeys(names))).take(pa.array(rows))
    ids = _record_ids(name, taken).to_pylist() if rows.size else []
    causes = failing.take(pa.array(cause[rows])).to_pylist()
    found = [
        {
            "dataset": name,
            "record_id": record_id,
            "source": row.get("source") or "",
            "rule": broken["rule"],
            "reason": f"goes with {broken['dataset']} {broken['record_id']}, which is set aside: {broken['reason']}",
            "record": record_json({column: row[column] for column in key_columns(name)}),
        }
        for record_id, row, broken in zip(ids, taken.to_pylist(), causes, strict=True)
    ]
    return pa.Table.from_pylist(found, schema=QUARANTINE)
