"""The index that finds words in texts."""

from __future__ import annotations

import pyarrow as pa

from dedup.schemas.fields import field

SEARCH = pa.schema(
    [
        field("block", pa.string(), "the document with which a run of pages begins, in the order of `sections`"),
        field("piece", pa.string(), "two characters that follow each other in a normalised text"),
        field("n_places", pa.int64(), "how many texts and titles of the block hold them"),
        field(
            "gaps",
            pa.list_(pa.int32()),
            "these places, ascending, each as its distance from the one before (the first from -1): the text of the "
            "k-th section of the block, counted from 0 in the order of `sections`, has the place 2k, its title 2k + 1",
        ),
    ]
)
