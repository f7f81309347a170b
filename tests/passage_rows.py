"""Rows for the tests of passages: sections given as texts, and texts that share nothing by chance."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from dedup.reuse.rows import SectionRows


def own_text(seed: int, n_chars: int) -> str:
    """Text of `n_chars` characters, the commoner ones more often, that no other seed has."""
    drawn = np.random.default_rng(seed).zipf(1.3, size=n_chars) % 2500
    return "".join(chr(0x4E00 + 7 * int(k)) for k in drawn)


def rows_of(
    texts: Sequence[str],
    cluster: Sequence[int] | None = None,
    family: Sequence[int] | None = None,
    *,
    reference: Sequence[bool] | None = None,
    site: Sequence[int] | None = None,
    order: Sequence[int] | None = None,
) -> SectionRows:
    n = len(texts)
    own = np.arange(n)
    cluster_of = own if cluster is None else np.array(cluster, dtype=np.int64)
    site_of = np.zeros(n, dtype=np.int32) if site is None else np.array(site, dtype=np.int32)
    return SectionRows(
        texts=pa.array(texts, pa.large_string()),
        cluster=cluster_of,
        family=cluster_of if family is None else np.array(family, dtype=np.int64),
        is_canonical=cluster_of == own,
        is_reference=np.array([False] * n if reference is None else reference, dtype=bool),
        source=site_of,
        site=site_of,
        order=own if order is None else np.array(order, dtype=np.int64),
        region=np.full(n, -1, dtype=np.int32),
        year=np.full(n, -1, dtype=np.int32),
    )
