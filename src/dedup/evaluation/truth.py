"""Reading what is known to be true: the folder of a sample, or a list of pairs from anywhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dedup.schemas import MATCHED_KINDS

#: Labels that say: these two are no copies of one another.
NEGATIVE_LABELS = frozenset(["0", "false", "no", "n", "different", "distinct", "negative", "unrelated"])
#: Column names a score is looked for under when none is named.
SCORE_COLUMNS = ("jaccard", "j5", "score", "similarity")
_MEETS = "meets the definition of a near-duplicate"
#: What the truth of a sample may know of a section besides.
_MORE = ("place", "year_review", "year_review_state", "year_plan", "year_plan_state", "region_code", "figures")
_FIGURE = ["uri", "char_start", "char_end", "value", "unit", "indicator", "state"]
_SUFFIXES = (".parquet", ".jsonl", ".csv")


class TruthError(ValueError):
    """The truth cannot be used; the message names the file, what was expected and what it has."""


@dataclass(frozen=True)
class Truth:
    """What is known, as units (things that may be copies of one another) and pairs of them.

    Attributes
    ----------
    name : the file or folder it came from
    level : `section`: units are spans of pages; `document`: units are whole records
    complete : True when a pair that is not listed is no true pair; False when nothing is known about it
    units : one row per unit, in the order of the `unit` numbers. Level section: uri, char_start, char_end (null where
        they must be found by `head` and `tail`), head, tail. Level document: id (a record's own id or its uri)
        What else the truth of a sample knows of a section is there under its own name: place, year_review, year_plan
        (each with its `*_state`: printed, masked, overwritten or absent), region_code, figures (`all` or `some`)
    pairs : unit_a < unit_b (int64), relation (string, null when unknown), jaccard, edit_similarity (null when
        unknown), positive (bool: it counts for recall), negative (bool: known to be no copy)
    threshold : in words, which pairs count for recall
    figures : uri, char_start, char_end (of the number), value, unit, indicator (empty where none is named), state; None
        where the truth knows none
    """

    name: str
    level: Literal["section", "document"]
    complete: bool
    units: pa.Table
    pairs: pa.Table
    threshold: str
    figures: pa.Table | None = None

    @property
    def has_relations(self) -> bool:
        """Whether copies and other editions are told apart."""
        return bool(self.pairs.column("relation").null_count < self.pairs.num_rows)


def read_truth(path: Path, *, score: str | None = None, min_score: float | None = None) -> Truth:
    """Read the truth of a sample (its folder, or one of its `truth.*` files) or a list of pairs.

    Parameters
    ----------
    path : folder with `truth.sections.*` and `truth.pairs.*`, or a Parquet, JSONL or CSV file with the columns
        doc_a and doc_b (records' own ids or uris), perhaps a score, label and relation
    score : column with the true similarity; default the first of jaccard, j5, score, similarity that is there
    min_score : pairs below do not count for recall. Default: those count that meet the definition of a near-duplicate
        where the truth says so (column `meets`), else all

    Raises
    ------
    TruthError
        The file is missing, has not these columns, or no pair is left.
    """
    if path.is_file() and path.name.startswith("truth.") and "doc_a" not in _read_table(path).column_names:
        path = path.parent
    if path.is_dir():
        return _sample_truth(path, score, min_score)
    if not path.exists():
        raise TruthError(f"{path}: no such file or folder")
    return _listed_truth(path, score, min_score)


def _read_table(path: Path) -> pa.Table:
    if path.suffix == ".parquet":
        return pq.read_table(path)
    if path.suffix == ".jsonl":
        lines = path.read_text("utf-8").splitlines()
        try:
            rows = [json.loads(line) for line in lines if line.strip()]
        except json.JSONDecodeError as error:
            raise TruthError(f"{path}: not JSON Lines: {error}") from error
        # Arrow takes the columns of the first row; any row may bring further ones.
        names = dict.fromkeys(name for row in rows for name in row)
        return pa.table({name: [row.get(name) for row in rows] for name in names})
    if path.suffix == ".csv":
        # Ids are text even where all of them look like numbers: 007 is not 7.
        ids = {name: pa.string() for name in ("doc_a", "doc_b", "label", "relation")}
        return pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(column_types=ids))
    raise TruthError(f"{path}: expected a folder with truth.sections.* or a file in {', '.join(_SUFFIXES)}")


def _part(folder: Path, name: str) -> pa.Table:
    for suffix in _SUFFIXES:
        path = folder / f"truth.{name}{suffix}"
        if path.is_file():
            return _read_table(path)
    raise TruthError(f"{folder}: no truth.{name}.parquet or .jsonl; `dedup sample` writes them")


def _columns(table: pa.Table, path: Path, *names: str) -> None:
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise TruthError(f"{path}: no column {', '.join(missing)}; it has {', '.join(table.column_names)}")


def _optional(table: pa.Table, name: str, type_: pa.DataType) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(table.num_rows, type_)
    return pc.cast(table.column(name).combine_chunks(), type_)


def _sample_truth(folder: Path, score: str | None, min_score: float | None) -> Truth:
    sections, pairs = _part(folder, "sections"), _part(folder, "pairs")
    _columns(sections, folder / "truth.sections", "section", "uri", "char_start", "char_end", "kind", "head", "tail")
    _columns(pairs, folder / "truth.pairs", "section_a", "section_b", "relation")
    sections = sections.filter(pc.is_in(sections.column("kind"), value_set=pa.array(MATCHED_KINDS)))
    more = [name for name in _MORE if name in sections.column_names]
    units = sections.select(["section", "uri", "char_start", "char_end", "head", "tail", "kind", *more])
    known = units.column("section").combine_chunks()
    a = pc.index_in(pairs.column("section_a").combine_chunks(), value_set=known)
    b = pc.index_in(pairs.column("section_b").combine_chunks(), value_set=known)
    if a.null_count or b.null_count:
        raise TruthError(f"{folder}: truth.pairs names sections that truth.sections does not have")
    name = _score_name(pairs, folder, score)
    jaccard = _optional(pairs, name, pa.float64())
    meets = _optional(pairs, "meets", pa.bool_())
    if min_score is not None:
        positive = pc.greater_equal(jaccard, min_score)
        threshold = f"{name} >= {min_score:g}"
    elif meets.null_count < len(meets):
        positive, threshold = meets, _MEETS
    else:
        positive, threshold = pa.array(np.ones(len(a), dtype=bool)), "all pairs, their similarities are unknown"
    edit = _optional(pairs, "edit_similarity", pa.float64())
    table = _pair_table(a, b, _optional(pairs, "relation", pa.string()), jaccard, edit, positive, None)
    return Truth(folder.name or str(folder), "section", True, units, table, threshold, _figures(folder))


def _figures(folder: Path) -> pa.Table | None:
    paths = [folder / f"truth.figures{suffix}" for suffix in _SUFFIXES]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        return None
    table = _read_table(path)
    _columns(table, path, *_FIGURE)
    return table.select(_FIGURE) if table.num_rows else None


def _listed_truth(path: Path, score: str | None, min_score: float | None) -> Truth:
    listed = _read_table(path)
    _columns(listed, path, "doc_a", "doc_b")
    ids_a = pc.cast(listed.column("doc_a").combine_chunks(), pa.string())
    ids_b = pc.cast(listed.column("doc_b").combine_chunks(), pa.string())
    ids = pc.unique(pa.concat_arrays([ids_a, ids_b]))
    name = _score_name(listed, path, score)
    jaccard = _optional(listed, name, pa.float64())
    if min_score is not None and jaccard.null_count == len(jaccard):
        raise TruthError(f"{path}: no score to compare with {min_score:g}; it has {', '.join(listed.column_names)}")
    labels = _optional(listed, "label", pa.string())
    negative = pc.fill_null(pc.is_in(pc.utf8_lower(labels), value_set=pa.array(sorted(NEGATIVE_LABELS))), False)
    positive = pc.invert(negative)
    threshold = "all listed pairs"
    meets = _optional(listed, "meets", pa.bool_())
    if min_score is not None:
        positive = pc.and_(positive, pc.fill_null(pc.greater_equal(jaccard, min_score), False))
        threshold = f"{name} >= {min_score:g}"
    elif meets.null_count < len(meets):
        positive, threshold = pc.and_(positive, pc.fill_null(meets, False)), _MEETS
    table = _pair_table(
        pc.index_in(ids_a, value_set=ids),
        pc.index_in(ids_b, value_set=ids),
        _optional(listed, "relation", pa.string()),
        jaccard,
        _optional(listed, "edit_similarity", pa.float64()),
        positive,
        negative,
    )
    if not pc.sum(table.column("positive")).as_py():
        raise TruthError(f"{path}: no pair is left with {threshold}")
    return Truth(path.name, "document", False, pa.table({"id": ids}), table, threshold)


def _score_name(table: pa.Table, path: Path, score: str | None) -> str:
    if score is not None:
        _columns(table, path, score)
        return score
    return next((name for name in SCORE_COLUMNS if name in table.column_names), SCORE_COLUMNS[0])


def _pair_table(
    a: pa.Array,
    b: pa.Array,
    relation: pa.Array,
    jaccard: pa.Array,
    edit: pa.Array,
    positive: pa.Array,
    negative: pa.Array | None,
) -> pa.Table:
    left: NDArray[np.int64] = np.asarray(a).astype(np.int64)
    right: NDArray[np.int64] = np.asarray(b).astype(np.int64)
    table = pa.table(
        {
            "unit_a": np.minimum(left, right),
            "unit_b": np.maximum(left, right),
            "relation": relation,
            "jaccard": jaccard,
            "edit_similarity": edit,
            "positive": pc.fill_null(positive, False),
            "negative": negative if negative is not None else pa.array(np.zeros(len(left), dtype=bool)),
        }
    )
    table = table.filter(pc.not_equal(table.column("unit_a"), table.column("unit_b")))
    # A pair listed twice, or both ways round, counts once: its first row.
    key = np.asarray(table.column("unit_a")) * (1 << 32) + np.asarray(table.column("unit_b"))
    first = np.sort(np.unique(key, return_index=True)[1])
    return table.take(pa.array(first))
