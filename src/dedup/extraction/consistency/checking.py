"""All checks of one part of a run: what the figures of a section say of each other, and of their copies."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.extraction.consistency.bounds import check_bounds
from dedup.extraction.consistency.copies import check_copies
from dedup.extraction.consistency.figures import Check, Figures
from dedup.extraction.consistency.growth import check_growth
from dedup.extraction.consistency.multiples import check_multiples
from dedup.extraction.consistency.parts import check_parts
from dedup.extraction.consistency.ratios import check_ratios
from dedup.extraction.consistency.shares import check_shares
from dedup.extraction.consistency.years import check_years
from dedup.ids import make_id
from dedup.schemas.figures import CHECKS, OBSERVATIONS


def check_consistency(
    observations: pa.Table, attributions: pa.Table, conflicts: pa.Table, texts: pa.Table | None = None
) -> pa.Table:
    """Compare the figures of each section with each other, with what can be, and with the copies of the section.

    Parameters
    ----------
    observations : table with the schema `schemas.OBSERVATIONS`, whole sections
    attributions : table with the schema `schemas.ATTRIBUTIONS`, of their sections
    conflicts : table with the schema `schemas.CONFLICTS`, of their clusters
    texts : table (section_id string, char_start int, text string): the sections as they stand in documents.text;
        without it spans of years are known from the figures' own periods only, and 其中 only inside quotes

    Returns
    -------
    table with the schema `schemas.CHECKS`, sorted by section and place: comparisons that hold and that fail; of limits
    (bounds, years) and of copies only those that fail

    Notes
    -----
    A number stands for all that its last printed digit leaves open (7.5: 7.45 to 7.55), 以上 and 余 for all above, so a
    check fails only if no true values could agree with what is printed. Two bounds contradict each other only if they
    cannot both hold.
    """
    if not observations.num_rows:
        return CHECKS.empty_table()
    figures = Figures(observations, attributions, texts)
    checks = [
        *check_growth(figures),
        *check_shares(figures),
        *check_ratios(figures),
        *check_parts(figures),
        *check_multiples(figures),
        *check_bounds(figures),
        *check_years(figures),
        *check_copies(figures, conflicts),
    ]
    return _table(figures, checks)


def _table(figures: Figures, checks: list[Check]) -> pa.Table:
    rows = sorted({row for check in checks for row in (*check.rows, *check.base_rows)})
    narrow = figures.table.select(["observation_id", "section_id", "cluster_id", "value_start"])
    at = dict(zip(rows, narrow.take(pa.array(rows, pa.int64())).to_pylist(), strict=True))
    ordered = sorted(
        checks,
        key=lambda c: (at[c.rows[0]]["section_id"], at[c.rows[0]]["value_start"], c.name, _ids(at, c.rows), c.formula),
    )
    out: dict[str, dict[str, object]] = {}
    for check in ordered:
        first = at[check.rows[0]]
        judged, compared = _ids(at, check.rows), _ids(at, check.base_rows)
        check_id = make_id("v", first["section_id"], check.name, *judged, *compared)
        # The same figures are compared once, whichever rule found them first.
        out.setdefault(
            check_id,
            {
                "check_id": check_id,
                "rule": check.name,
                "section_id": first["section_id"],
                "cluster_id": first["cluster_id"],
                "observation_ids": judged,
                "base_ids": compared,
                "formula": check.equation,
                "stated": check.stated,
                "expected": check.expected,
                "tolerance": check.tolerance,
                "holds": check.holds,
            },
        )
    return pa.Table.from_pylist(list(out.values()), CHECKS)


def _ids(at: dict[int, dict[str, str]], rows: tuple[int, ...]) -> list[str]:
    return [at[row]["observation_id"] for row in rows]


def flag_observations(observations: pa.Table, checks: pa.Table) -> pa.Table:
    """Return the observations with `flags`: the failed checks that judge each, in the order of their names.

    No observation is dropped or changed. Flags that are there already stay, before the others.
    """
    failed = checks.filter(pc.invert(checks.column("holds")))
    flags: dict[str, list[str]] = {}
    for check in failed.select(["rule", "observation_ids", "formula", "tolerance"]).to_pylist():
        text = f"{check['rule']}: {check['formula']} (±{check['tolerance']:.2g})"
        for observation in check["observation_ids"]:
            flags.setdefault(observation, []).append(text)
    if not flags:
        return observations
    rows = pc.indices_nonzero(pc.is_in(observations.column("observation_id"), pa.array(list(flags)))).to_pylist()
    ids = observations.column("observation_id").take(pa.array(rows)).to_pylist()
    own = observations.column("flags").take(pa.array(rows)).to_pylist()
    new = [list(dict.fromkeys([*(old or []), *sorted(flags[i])])) for i, old in zip(ids, own, strict=True)]
    n = observations.num_rows
    column = pa.chunked_array([*observations.column("flags").chunks, pa.array(new, pa.list_(pa.string()))])
    order = np.arange(n)
    order[rows] = n + np.arange(len(rows))
    at = observations.column_names.index("flags")
    return observations.set_column(at, OBSERVATIONS.field("flags"), column.take(pa.array(order)))
