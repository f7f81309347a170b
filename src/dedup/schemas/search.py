"""The index that finds words in texts."""

from __future__ import annotations

import pyarrow as pa

from dedup.schemas.fields import field

SEARCH = pa.schema(
    [
        field("piece", pa.string(), "two characters that follow each other in a normalised text"),
        field("n_clusters", pa.int64(), "clusters whose canonical text, or a title of whose copies, holds them"),
        field(
            "gaps",
            pa.list_(pa.int32()),
            "these clusters by their places in the order of cluster_id, counted from 0, ascending: each as its "
            "distance from the one before (the first from -1)",
        ),
    ]
)
