"""The sections whose texts are compared: one row each, with what tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True)
class SectionRows:
    """The matched sections of a corpus.

    Attributes
    ----------
    texts : large_string array (n); clean texts, memory-mapped
    cluster : (n,) int64, canonical row of the row's cluster; rows of reference sources are clusters of their own
    family : (n,) int64, row at the head of the row's family: copies and editions of one report have one voice.
        Equal texts of reference sources share one
    is_canonical, is_reference : (n,) bool
    source, site : (n,) int32 codes
    order : (n,) int64, rank among all copies, 0 is best
    region, year : (n,) int32 codes, -1 unknown
    """

    texts: pa.Array
    cluster: NDArray[np.int64]
    family: NDArray[np.int64]
    is_canonical: NDArray[np.bool_]
    is_reference: NDArray[np.bool_]
    source: NDArray[np.int32]
    site: NDArray[np.int32]
    order: NDArray[np.int64]
    region: NDArray[np.int32]
    year: NDArray[np.int32]
