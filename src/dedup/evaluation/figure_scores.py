"""How good the figures of a release are, by the figures that a truth knows."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from dedup.evaluation.placing import Readable, match_uris
from dedup.evaluation.truth import Truth

#: States of figures that a release should have. `masked` and `overwritten` ones are wrong to take.
WANTED = ("printed", "changed")
#: Neither wanted nor wrong: the unit was damaged or cut off; a threshold inside a name, a factor of a product.
OPTIONAL = ("unit_lost", "optional")
#: Names are alike from this ratio on (`rapidfuzz.fuzz.ratio`), or when one holds the other.
ALIKE = 70.0
_OBSERVED = ["doc_id", "value_start", "value_end", "obs_value", "value_text", "unit", "indicator"]
_DECIMAL = r"^\d+(,\d{3})*(\.\d+)?$"


@dataclass(frozen=True)
class FigureScore:
    """Observations against the figures of the truth.

    Attributes
    ----------
    expected, found : figures that pages print, and those of them that an observation at the same place has with the
        same value and unit (signs apart: falls are negative)
    named, named_right : found figures whose indicator the truth names, and those of them that the release calls alike
    judged, right : observations in sections all of whose figures the truth knows, and those of them that it has. Only
        numbers in digits: numbers in words are not in the truth
    masked, masked_taken : figures that pages mask, and those of them that an observation lies upon
    overwritten, overwritten_taken : the same for figures that pages put a year over
    """

    expected: int
    found: int
    named: int
    named_right: int
    judged: int
    right: int
    masked: int
    masked_taken: int
    overwritten: int
    overwritten_taken: int

    @property
    def recall(self) -> float | None:
        """Share of the printed figures found."""
        return _share(self.found, self.expected)

    @property
    def precision(self) -> float | None:
        """Share of the judged observations that are right."""
        return _share(self.right, self.judged)

    @property
    def names(self) -> float | None:
        """Share of the found figures whose indicator is named right."""
        return _share(self.named_right, self.named)

    @property
    def invents_nothing(self) -> bool:
        """Whether no masked and no overwritten number was taken."""
        return not self.masked_taken and not self.overwritten_taken

    def rows(self) -> list[tuple[str, float | str | None, str]]:
        """Return (name, value, explanation), ready for a table."""
        rows: list[tuple[str, float | str | None, str]] = [
            ("figures recall", self.recall, f"{self.found:,} of {self.expected:,} printed figures, value and unit"),
        ]
        if self.judged:
            of = "observations in sections whose figures are all known"
            rows.append(("figures precision", self.precision, f"{self.right:,} of {self.judged:,} {of}"))
        if self.named:
            rows.append(("indicators", self.names, f"{self.named_right:,} of {self.named:,} found figures named right"))
        taken = (
            f"masked numbers taken: {self.masked_taken:,} of {self.masked:,}, "
            f"overwritten: {self.overwritten_taken:,} of {self.overwritten:,}"
        )
        return [*rows, ("nothing invented", "yes" if self.invents_nothing else "NO", taken)]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def score_figures(truth: Truth, release: Readable) -> FigureScore | None:
    """Compare observations with the figures of the truth; None where the truth or the run knows of none."""
    if truth.figures is None or not was_extracted(release, "observations"):
        return None
    documents = release.arrow("documents", ["doc_id", "uri"])
    observed = release.arrow("observations", _OBSERVED)
    observed = observed.set_column(_OBSERVED.index("unit"), "unit", _plain(observed.column("unit")))
    observed = observed.append_column("nth", pa.array(np.arange(observed.num_rows)))
    known = _placed(truth.figures, documents)
    connection = duckdb.connect()
    try:
        for name, table in (("observed", observed), ("known", known), ("whole", _whole(truth, documents))):
            connection.register(name, table)
        connection.execute(
            f"""
            CREATE TABLE met AS
            SELECT known.figure, observed.nth, state, known.indicator AS true_name, observed.indicator AS name,
                   state IN {WANTED} AND abs(abs(obs_value) - value) <= 1e-9 * value
                   AND observed.unit = known.unit AS same
            FROM known JOIN observed ON known.doc_id = observed.doc_id
            AND observed.value_start < known.char_end AND observed.value_end > known.char_start
            """
        )
        judged, right = connection.execute(
            f"""
            WITH inside AS (
                SELECT nth FROM observed SEMI JOIN whole ON whole.doc_id = observed.doc_id
                AND value_start >= char_start AND value_end <= char_end
                WHERE regexp_matches(value_text, '[0-9０-９]')
                AND nth NOT IN (SELECT nth FROM met WHERE state IN {OPTIONAL})
            )
            SELECT count(*), count(*) FILTER (nth IN (SELECT nth FROM met WHERE same)) FROM inside
            """
        ).fetchone() or (0, 0)
        taken = dict(connection.execute("SELECT state, count(DISTINCT figure) FROM met GROUP BY state").fetchall())
        found = connection.sql("SELECT figure, true_name, name FROM met WHERE same").to_arrow_table()
    finally:
        connection.close()
    states = truth.figures.column("state")
    counts = {row["values"]: row["counts"] for row in pc.value_counts(states).to_pylist()}
    named, named_right = _names(found)
    return FigureScore(
        expected=sum(counts.get(state, 0) for state in WANTED),
        found=len(pc.unique(found.column("figure"))),
        named=named,
        named_right=named_right,
        judged=judged,
        right=right,
        masked=counts.get("masked", 0),
        masked_taken=taken.get("masked", 0),
        overwritten=counts.get("overwritten", 0),
        overwritten_taken=taken.get("overwritten", 0),
    )


def was_extracted(release: Readable, name: str) -> bool:
    """Tell whether a dataset of extraction says something: a run that looked for figures and found none does, too."""
    enabled = release.manifest.get("settings", {}).get("extract", {}).get("enabled", False)
    dataset = release.manifest.get("datasets", {}).get(name)
    return dataset is not None and bool(enabled or dataset.get("rows", 0))


def _plain(units: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return units as they compare: `％` is `%`, blanks do not count."""
    folded = pc.utf8_lower(pc.utf8_normalize(units, form="NFKC"))
    return pc.replace_substring_regex(folded, r"\s+", "")


def _placed(figures: pa.Table, documents: pa.Table) -> pa.Table:
    """Return the figures whose document the release has; `value` is null where it is no number in digits."""
    digits = pc.match_substring_regex(figures.column("value"), _DECIMAL)
    bare = pc.replace_substring(figures.column("value"), ",", "")
    table = pa.table(
        {
            "figure": np.arange(figures.num_rows),
            "doc_id": _doc_ids(figures.column("uri"), documents),
            "char_start": figures.column("char_start"),
            "char_end": figures.column("char_end"),
            "value": pc.cast(pc.if_else(digits, bare, None), pa.float64()),
            "unit": _plain(figures.column("unit")),
            "indicator": figures.column("indicator"),
            "state": figures.column("state"),
        }
    )
    return table.filter(pc.is_valid(table.column("doc_id")))


def _doc_ids(uris: pa.ChunkedArray, documents: pa.Table) -> pa.Array:
    """Return the document of each uri, null where the release has none (uris repeat: a page has many figures)."""
    encoded = uris.combine_chunks().dictionary_encode()
    found = match_uris(encoded.dictionary.to_pylist(), documents.column("uri").to_pylist())
    known = documents.column("doc_id").combine_chunks().take(pa.array(found, pa.int64()))
    return known.take(encoded.indices)


def _whole(truth: Truth, documents: pa.Table) -> pa.Table:
    """Return where the sections stand of which the truth knows all figures."""
    units = truth.units
    if "figures" in units.column_names:
        units = units.filter(pc.and_(pc.equal(units.column("figures"), "all"), pc.is_valid(units.column("char_start"))))
    else:
        units = units.slice(0, 0)
    return pa.table(
        {
            "doc_id": _doc_ids(units.column("uri"), documents),
            "char_start": pc.cast(units.column("char_start"), pa.int64()),
            "char_end": pc.cast(units.column("char_end"), pa.int64()),
        }
    )


def _names(found: pa.Table) -> tuple[int, int]:
    """Return how many of the found figures the truth names, and how many of these the release calls alike."""
    found = found.filter(pc.greater(pc.utf8_length(found.column("true_name")), 0))
    if not found.num_rows:
        return 0, 0
    figures: NDArray[np.int64] = found.column("figure").to_numpy()
    true, given = found.column("true_name").to_pylist(), found.column("name").to_pylist()
    alike = process.cpdist(true, given, scorer=fuzz.ratio) >= ALIKE
    alike |= [bool(b) and (a in b or b in a) for a, b in zip(true, given, strict=True)]
    return len(np.unique(figures)), len(np.unique(figures[alike]))
