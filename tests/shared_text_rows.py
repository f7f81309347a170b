"""Rows for the tests of phrases and templates: sections given as texts, each its own family unless said otherwise."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from dedup.reuse.rows import SectionRows


def section_rows(
    texts: Sequence[str],
    family: Sequence[int] | None = None,
    *,
    reference: Sequence[bool] | None = None,
    site: Sequence[int] | None = None,
    region: Sequence[int] | None = None,
    year: Sequence[int] | None = None,
    order: Sequence[int] | None = None,
) -> SectionRows:
    n = len(texts)
    head = np.array(range(n) if family is None else family, dtype=np.int64)

    def codes(given: Sequence[int] | None, default: int) -> np.ndarray:
        return np.array([default] * n if given is None else given, dtype=np.int32)

    return SectionRows(
        texts=pa.array(texts, pa.large_string()),
        cluster=head,
        family=head,
        is_canonical=head == np.arange(n),
        is_reference=np.array([False] * n if reference is None else reference, dtype=bool),
        source=codes(site, 0),
        site=codes(site, 0),
        order=np.array(range(n) if order is None else order, dtype=np.int64),
        region=codes(region, -1),
        year=codes(year, -1),
    )


def permuted(rows: SectionRows, places: Sequence[int]) -> SectionRows:
    """The same sections in another order of rows."""
    at = np.array(places, dtype=np.int64)
    new = np.empty(at.size, dtype=np.int64)
    new[at] = np.arange(at.size)
    return SectionRows(
        texts=rows.texts.take(pa.array(at)),
        cluster=new[rows.cluster[at]],
        family=new[rows.family[at]],
        is_canonical=rows.is_canonical[at],
        is_reference=rows.is_reference[at],
        source=rows.source[at],
        site=rows.site[at],
        order=rows.order[at],
        region=rows.region[at],
        year=rows.year[at],
    )
