"""Conflicts, repairs and consensus of a run as datasets, with ids and places in pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.clusters.copies import examine_copies
from dedup.engines.reuse_rows import Places, cluster_ids
from dedup.engines.unchanged import rows_before, take_over, unchanged_clusters
from dedup.ids import make_id

if TYPE_CHECKING:
    from dedup.engines.local import LocalRun
    from dedup.reuse.rows import SectionRows


def compare_copies(run: LocalRun, rows: SectionRows, places: Places, _: Path) -> dict[str, pa.Table]:
    """Return the datasets conflicts, repairs and consensus."""
    clusters = cluster_ids(run, places)
    same = unchanged_clusters(run, "copies")
    known = pc.fill_null(pc.is_in(clusters, same), False).to_numpy(zero_copy_only=False)
    # A row without a cluster is compared with nothing.
    canonical = np.where(rows.is_reference | known, -1, rows.cluster)
    found = examine_copies(rows.texts, canonical, rows.order, threads=run.settings.threads)
    run.meter.note(
        "copies",
        compared=found.distinct_pairs,
        conflicts=found.conflicts.num_rows,
        conflicts_dropped=found.conflicts_dropped,
        repairs=found.repairs.num_rows,
        repairs_dropped=found.repairs_dropped,
    )
    conflicts = places.place(found.conflicts)
    first, last = places.spans(
        *(
            conflicts.column(name).to_numpy().astype(np.int64)
            for name in ("canonical_row", "canonical_clean_start", "canonical_clean_end")
        )
    )
    conflicts = (
        conflicts.append_column("cluster_id", clusters.take(conflicts.column("canonical_row").combine_chunks()))
        .append_column("canonical_section", places.section_ids.take(conflicts.column("canonical_row").combine_chunks()))
        .append_column("canonical_start", pa.array(first))
        .append_column("canonical_end", pa.array(last))
    )
    keys = zip(
        *(
            conflicts.column(name).to_pylist()
            for name in ("section_id", "type", "canonical_start", "canonical_end", "char_start", "char_end")
        ),
        strict=True,
    )
    ids = [make_id("k", *map(str, key)) for key in keys]
    repairs = places.place(found.repairs)
    first, last = places.spans(
        *(
            repairs.column(name).to_numpy().astype(np.int64)
            for name in ("donor_row", "donor_clean_start", "donor_clean_end")
        )
    )
    repairs = (
        repairs.append_column("cluster_id", clusters.take(repairs.column("canonical_row").combine_chunks()))
        .append_column("donor_section", places.section_ids.take(repairs.column("donor_row").combine_chunks()))
        .append_column("donor_start", pa.array(first))
        .append_column("donor_end", pa.array(last))
    )
    heads = found.consensus.column("canonical_row").combine_chunks()
    consensus = found.consensus.append_column("cluster_id", clusters.take(heads)).append_column(
        "section_id", places.section_ids.take(heads)
    )
    tables = {
        "conflicts": schemas.conform(
            conflicts.append_column("conflict_id", pa.array(ids, pa.string())), schemas.CONFLICTS
        ),
        "repairs": schemas.conform(repairs, schemas.REPAIRS),
        "consensus": schemas.conform(consensus, schemas.CONSENSUS),
    }
    return {
        name: take_over(run, name, table, rows_before(run, name, "cluster_id", same)) for name, table in tables.items()
    }
