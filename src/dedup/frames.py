"""Deduplicating a data frame or a list of texts in memory, by the same stages that make a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.clusters.assignment import assign_clusters
from dedup.clusters.published_pairs import RELATIONS, rows_across, rows_inside
from dedup.clusters.variants import VariantMarks, mark_variants
from dedup.fingerprinting.minhash import Fingerprints, signature_matrix
from dedup.ids import make_id
from dedup.matching.match import Matches, match_texts
from dedup.settings import FingerprintSettings, MatchSettings
from dedup.text.normalise import content_hashes, string_array

if TYPE_CHECKING:
    import pandas as pd


def _match(
    texts: pa.Array, match: MatchSettings, fingerprint: FingerprintSettings, threads: int, *, edit_always: bool = False
) -> tuple[Fingerprints, Matches, VariantMarks]:
    prints = signature_matrix(texts, ngram=fingerprint.ngram, unit=fingerprint.unit, threads=threads)
    matches = match_texts(texts, prints, match, fingerprint, edit_always=edit_always, threads=threads)
    return prints, matches, mark_variants(matches.pairs, texts, matches.nodes.first_row, match, threads=threads)


def find_duplicates(
    texts: object,
    *,
    match: MatchSettings | None = None,
    fingerprint: FingerprintSettings | None = None,
    threads: int = 1,
) -> pa.Table:
    """Find all pairs of near-duplicates among texts.

    Parameters
    ----------
    texts : Arrow string array, pandas or NumPy column, or a sequence of str; null counts as empty
    match : what a near-duplicate is; default `MatchSettings()`

    Returns
    -------
    table (a int64, b int64, jaccard, edit_similarity float64, relation string): positions a < b, exact
    similarities, every pair that meets the definition, sorted. Empty texts are duplicates of nothing.
    """
    match = match or MatchSettings()
    fingerprint = fingerprint or FingerprintSettings()
    array = string_array(texts)
    _, matches, marks = _match(array, match, fingerprint, threads, edit_always=True)
    nodes, pairs = matches.nodes, matches.pairs
    sizes = np.diff(nodes.bounds)
    left, right = rows_inside(nodes.bounds, np.flatnonzero(sizes > 1))
    number, i, j = rows_across(nodes.bounds, pairs.a, pairs.b)
    a = np.concatenate([nodes.rows[left], nodes.rows[i]])
    b = np.concatenate([nodes.rows[right], nodes.rows[j]])
    a, b = np.minimum(a, b), np.maximum(a, b)
    # Only texts that are equal after normalising can be exact copies; each is hashed once, however many pairs it is in.
    equal_rows, where = np.unique(np.concatenate([a[: left.size], b[: left.size]]), return_inverse=True)
    hashes = np.array(content_hashes(array.take(pa.array(equal_rows))))[where]
    exact = np.concatenate([hashes[: left.size] == hashes[left.size :], np.zeros(i.size, dtype=bool)])
    variant = np.concatenate([np.zeros(left.size, dtype=bool), marks.is_variant[number]])
    order = np.lexsort((b, a))
    relation = np.where(exact, 0, np.where(variant, 1, 2))[order]
    return pa.table(
        {
            "a": a[order],
            "b": b[order],
            "jaccard": np.concatenate([np.ones(left.size), pairs.jaccard[number]])[order],
            "edit_similarity": np.concatenate([np.ones(left.size), pairs.edit_similarity[number]])[order],
            "relation": RELATIONS.take(pa.array(relation)),
        }
    )


def _texts_of(column: pd.Series) -> pa.Array:
    import pandas as pd

    if isinstance(column.array, pd.arrays.ArrowExtensionArray):
        # Columns that came from Parquet: no string is made of them.
        arrow = pa.chunked_array(column.array.__arrow_array__())
        if pa.types.is_string(arrow.type) or pa.types.is_large_string(arrow.type):
            return string_array(pc.fill_null(arrow, "") if arrow.null_count else arrow)
    return string_array([value if isinstance(value, str) else "" for value in column])


def deduplicate(
    df: pd.DataFrame,
    text: str = "text",
    id: str | None = None,  # noqa: A002 - the name users write
    *,
    match: MatchSettings | None = None,
    fingerprint: FingerprintSettings | None = None,
    threads: int = 1,
) -> pd.DataFrame:
    """Return the data frame with three columns more: cluster_id, is_canonical, similarity.

    Parameters
    ----------
    df : any data frame with a column of texts; its order is the order of preference (the first copy is canonical)
    text : name of that column; missing values count as empty, and empty texts are duplicates of nothing
    id : name of a column that names the rows; cluster ids are made from it (default: the index)
    match, fingerprint : settings, defaults as for a release

    Returns
    -------
    a copy of `df`; `df[df.is_canonical]` is the deduplicated frame. `similarity` is the exact Jaccard similarity
    with the canonical row of the cluster.

    Raises
    ------
    KeyError
        A named column is missing.
    """
    import pandas as pd

    for name in (text, id):
        if name is not None and name not in df.columns:
            raise KeyError(f"no column {name!r}; the data frame has {', '.join(map(str, df.columns))}")
    array = _texts_of(df[text])
    match = match or MatchSettings()
    fingerprint = fingerprint or FingerprintSettings()
    _, matches, marks = _match(array, match, fingerprint, threads)
    n = len(df)
    assignment = assign_clusters(matches, marks, np.arange(n), np.zeros(n, dtype=bool))
    names = pd.Series((df[id] if id is not None else df.index).tolist(), dtype=object).astype(str)
    # Names may repeat (frames put one under another keep their indexes); clusters must not.
    repeats = names.groupby(names, sort=False).cumcount()
    heads, cluster = np.unique(assignment.canonical, return_inverse=True)
    ids = [
        make_id("c", name, *([str(repeat)] if repeat else []))
        for name, repeat in zip(names.iloc[heads].tolist(), repeats.iloc[heads].tolist(), strict=True)
    ]
    out = df.copy()
    out["cluster_id"] = pd.array(ids, dtype="str").take(cluster)
    out["is_canonical"] = assignment.canonical == np.arange(n)
    out["similarity"] = assignment.similarity
    return out
