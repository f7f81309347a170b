"""How good a release is: its pairs and clusters against what is known to be true."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.evaluation.attribution_scores import PlaceScore, YearScore, score_places, score_years
from dedup.evaluation.curve import CurvePoint, draw_curve
from dedup.evaluation.figure_scores import FigureScore, score_figures
from dedup.evaluation.judging import Judged, judge_pairs
from dedup.evaluation.placing import CutScore, Placement, Readable, place_units
from dedup.evaluation.reasons import Finding, Reasoner
from dedup.evaluation.recheck import Recheck, recheck_pairs
from dedup.evaluation.reference import Definition
from dedup.evaluation.scores import ClusterScore, PairScore, compare_clusterings, connected_labels
from dedup.evaluation.truth import Truth, read_truth

#: Bands of the true Jaccard similarity; the definition turns at 0.35 and 0.7, scattered edits lie between.
BANDS = ((0.0, 0.2), (0.2, 0.35), (0.35, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.0), (1.0, 1.0))


@dataclass(frozen=True)
class Band:
    """Recall among true pairs whose true similarity lies in [low, high)."""

    low: float
    high: float
    pairs: int
    expected: int
    found: int

    @property
    def label(self) -> str:
        """The band in words."""
        return "1.0" if self.low == self.high else f"{self.low:g} to {self.high:g}"

    @property
    def recall(self) -> float | None:
        """Share of the expected pairs found; None when none is expected."""
        return self.found / self.expected if self.expected else None


@dataclass(frozen=True)
class Evaluation:
    """What a release is worth, by a truth.

    Attributes
    ----------
    pairs : precision and recall over pairs that are copies or other editions
    relations : (true relation, published relation or 'missed', pairs), among expected pairs
    clusters : clusters against copies; None when the truth does not tell copies from other editions
    families : families against copies and other editions together
    bands : recall by true similarity
    curve : recall and precision if only pairs above a threshold had been published
    missed, false : examples, most similar first; `n_missed` and `n_false` count all of them
    unlisted : published pairs of known documents of which the truth says nothing; `unlisted_refuted` of them do not
        meet the definition when computed again (of those checked)
    units, placed : what the truth names, and what of it the release has
    recheck : whether published pairs meet the definition
    cut : how well pages were cut into sections; None for truth about documents
    figures, years, places : what was extracted, against the truth; None where the truth or the release has none of it
    unmeasured : which of these the truth knows and the release does not have
    """

    release_id: str
    truth: str
    level: str
    threshold: str
    pairs: PairScore
    relations: tuple[tuple[str, str, int], ...]
    clusters: ClusterScore | None
    families: ClusterScore | None
    bands: tuple[Band, ...]
    curve: tuple[CurvePoint, ...]
    missed: tuple[Finding, ...]
    false: tuple[Finding, ...]
    n_missed: int
    n_false: int
    unlisted: int
    units: int
    placed: int
    recheck: Recheck
    definition: Definition
    cut: CutScore | None = None
    figures: FigureScore | None = None
    years: YearScore | None = None
    places: PlaceScore | None = None
    unmeasured: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the release.

        Every checked pair holds, no published pair is false, no masked or overwritten number was taken.
        """
        return self.recheck.passed and not self.n_false and (self.figures is None or self.figures.invents_nothing)

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (name, value, explanation), ready for a table."""
        p = self.pairs
        rows = [
            ("recall", _share(p.recall), f"{p.found:,} of {p.expected:,} true pairs ({self.threshold})"),
            ("precision", _share(p.precision), f"{p.right:,} of {p.right + p.wrong:,} judged published pairs"),
            ("F1", _share(p.f1), "harmonic mean of both"),
        ]
        for name, score, of in (("clusters", self.clusters, "copies"), ("families", self.families, "copies, editions")):
            if score is not None:
                agreement = f"B-cubed precision {score.precision:.4f}, recall {score.recall:.4f}"
                counts = f"{score.clusters:,} for {score.true_clusters:,} of {score.items:,} ({of})"
                rows.append((f"{name} ARI", _share(score.ari), f"{agreement}; {counts}"))
        rows.append(("in the release", _share(self.placed / self.units if self.units else None),
                     f"{self.placed:,} of {self.units:,} {self.level}s of the truth"))  # fmt: skip
        if self.cut is not None and self.cut.units:
            cut = self.cut
            exact = f"{cut.exact:,} of {cut.units:,} start and end where the truth says"
            kinds = f"{cut.kinds_right:,} of {cut.found:,} found have the true kind"
            rows.append(("sections cut", _share(cut.exact / cut.units), f"{exact}; {kinds}"))
        check = self.recheck
        sampled = "all" if check.checked == check.published else "a sample"
        rows.append(
            (
                "pairs hold",
                "yes" if check.passed else "NO",
                f"{check.checked - len(check.problems):,} of {check.checked:,} meet the definition, computed again "
                f"({sampled} of {check.published:,})",
            )
        )
        if self.unlisted:
            rows.append(("not listed", f"{self.unlisted:,}", "published pairs of which the truth says nothing"))
        for extracted in (self.figures, self.years, self.places):
            if extracted is not None:
                rows += [(name, v if isinstance(v, str) else _share(v), why) for name, v, why in extracted.rows()]
        if self.unmeasured:
            rows.append(
                (
                    ", ".join(self.unmeasured),
                    _share(None),
                    "not measured: the run did not look for them (extract.enabled)",
                )
            )
        return rows

    def band_rows(self) -> list[tuple[str, int, int, int, str]]:
        """Return (true Jaccard, true pairs, of them expected, found, recall), ready for a table."""
        return [(b.label, b.pairs, b.expected, b.found, _share(b.recall)) for b in self.bands if b.pairs]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        plain = asdict(self)
        plain["pairs"] |= {"precision": self.pairs.precision, "recall": self.pairs.recall, "f1": self.pairs.f1}
        for name in ("clusters", "families"):
            score = getattr(self, name)
            if score is not None:
                plain[name] |= {"f1": score.f1}
        if self.figures is not None:
            of = self.figures
            plain["figures"] |= {"recall": of.recall, "precision": of.precision, "names": of.names}
        if self.years is not None:
            plain["years"] |= {"precision": self.years.precision, "coverage": self.years.coverage}
        for band, row in zip(self.bands, plain["bands"], strict=True):
            row["recall"] = band.recall
        plain["curve"] = [point._asdict() for point in self.curve]
        plain["recheck"]["passed"] = self.recheck.passed
        return plain

    def curve_svg(self) -> str:
        """Return the threshold curve as an SVG picture."""
        note = (
            f"{self.pairs.expected:,} true pairs ({self.threshold}), "
            f"{self.pairs.right + self.pairs.wrong:,} judged published pairs"
        )
        return draw_curve(self.curve, f"{self.truth} · release {self.release_id}", note, self.definition.jaccard)

    def save_curve(self, path: Path) -> Path:
        """Write the threshold curve to an SVG file and return its path."""
        path.write_text(self.curve_svg(), "utf-8")
        return path


def evaluate(
    release: Readable,
    truth: Path,
    *,
    score: str | None = None,
    min_score: float | None = None,
    check_pairs: int = 1000,
    examples: int = 50,
) -> Evaluation:
    """Compare a release with what is known to be true.

    Parameters
    ----------
    release : a `dedup.releases.Release`
    truth : folder of a sample (`dedup sample`, `data/sample`), or a Parquet, JSONL or CSV file with columns doc_a and
        doc_b (records' own ids or uris) and perhaps a score, label, relation
    score, min_score : pairs of the truth with a lower score do not count for recall; see `truth.read_truth`
    check_pairs : published pairs that are computed again with slow, independent code (all when there are fewer)
    examples : missed and false pairs that are explained

    Raises
    ------
    TruthError
        The truth cannot be read, or lacks what it needs.
    """
    known = read_truth(Path(truth), score=score, min_score=min_score)
    definition = Definition.of_manifest(release.manifest)
    complete_cluster = release.manifest.get("settings", {}).get("match", {}).get("complete_cluster", 200)
    placement = place_units(known, release)
    judged = judge_pairs(known, placement, release, complete_cluster)
    reasoner = Reasoner(known, placement, release, definition)
    judged, unlisted = reasoner.refute(judged, check_pairs)
    found = _found(judged.expected)
    positive = np.asarray(judged.expected.column("positive"))
    verdicts = judged.published.column("verdict")
    n_false = int(pc.sum(pc.equal(verdicts, "wrong")).as_py() or 0)
    n_missed = int((positive & ~found).sum())
    right = int(pc.sum(pc.equal(verdicts, "right")).as_py() or 0)
    clusters, families = _cluster_scores(known, placement, release)
    figures = score_figures(known, release)
    years = score_years(known, placement, release)
    places = score_places(known, placement, release)
    has = {
        "figures": (known.figures is not None, figures),
        "years": ("year_plan" in known.units.column_names, years),
        "places": ("region_code" in known.units.column_names, places),
    }
    return Evaluation(
        release_id=str(release.manifest.get("release_id", "")),
        truth=known.name,
        level=known.level,
        threshold=known.threshold,
        pairs=PairScore(int(positive.sum()), int((positive & found).sum()), right, n_false),
        relations=_relations(judged.expected, positive, found),
        clusters=clusters,
        families=families,
        bands=_bands(judged.expected, positive, found),
        curve=_curve(judged, positive),
        missed=tuple(reasoner.explain_missed(judged.expected.filter(pa.array(positive & ~found)), examples)),
        false=tuple(reasoner.explain_false(judged.published, examples)),
        n_missed=n_missed,
        n_false=n_false,
        unlisted=unlisted,
        units=known.units.num_rows,
        placed=len(pc.unique(placement.sections.column("unit"))),
        recheck=recheck_pairs(release, definition, check_pairs),
        definition=definition,
        cut=placement.cut,
        figures=figures,
        years=years,
        places=places,
        unmeasured=tuple(name for name, (known_, found_) in has.items() if known_ and found_ is None),
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _found(expected: pa.Table) -> NDArray[np.bool_]:
    return np.asarray(pc.or_(pc.is_valid(expected.column("published")), expected.column("implied")))


def _relations(
    expected: pa.Table, positive: NDArray[np.bool_], found: NDArray[np.bool_]
) -> tuple[tuple[str, str, int], ...]:
    table = expected.filter(pa.array(positive))
    true = pc.fill_null(table.column("relation"), "pair").to_pylist()
    published = [
        p or ("implied" if f else "missed")
        for p, f in zip(table.column("published").to_pylist(), found[positive], strict=True)
    ]
    counts: dict[tuple[str, str], int] = {}
    for key in zip(true, published, strict=True):
        counts[key] = counts.get(key, 0) + 1
    return tuple((*key, n) for key, n in sorted(counts.items()))


def _bands(expected: pa.Table, positive: NDArray[np.bool_], found: NDArray[np.bool_]) -> tuple[Band, ...]:
    jaccard = pc.fill_null(expected.column("jaccard"), float("nan")).to_numpy()
    bands = []
    for low, high in BANDS:
        inside = (jaccard >= 1.0) if low == high else (jaccard >= low) & (jaccard < high)
        wanted = inside & positive
        bands.append(Band(low, high, int(inside.sum()), int(wanted.sum()), int((wanted & found).sum())))
    return tuple(bands)


def _curve(judged: Judged, positive: NDArray[np.bool_]) -> tuple[CurvePoint, ...]:
    """Measure recall and precision as if only published pairs of at least some Jaccard similarity counted."""
    published = judged.published
    verdict = published.column("verdict").to_numpy(zero_copy_only=False)
    jaccard = published.column("jaccard").to_numpy()
    right, wrong = np.sort(jaccard[verdict == "right"]), np.sort(jaccard[verdict == "wrong"])
    # Recall counts expected pairs only; a pair of the truth that does not meet the definition may be right as well.
    wanted = judged.expected.filter(pa.array(positive)).select(["unit_a", "unit_b"])
    keys = _keys(wanted.column("unit_a"), wanted.column("unit_b"))
    hit = np.isin(_keys(published.column("unit_a"), published.column("unit_b")), keys)
    hits = np.sort(jaccard[hit])
    n = int(positive.sum())
    points = []
    for step in range(30, 101):
        t = step / 100
        kept = [len(values) - int(np.searchsorted(values, t - 1e-12)) for values in (hits, right, wrong)]
        points.append(
            CurvePoint(
                t,
                kept[0] / n if n else None,
                kept[1] / (kept[1] + kept[2]) if kept[1] + kept[2] else None,
                kept[1] + kept[2],
            )
        )
    return tuple(points)


def _keys(a: pa.ChunkedArray, b: pa.ChunkedArray) -> NDArray[np.int64]:
    left, right = (pc.fill_null(c, -1).to_numpy().astype(np.int64) for c in (a, b))
    return np.where((left < 0) | (right < 0), -1, left * (1 << 32) + right)


def _cluster_scores(
    truth: Truth, placement: Placement, release: Readable
) -> tuple[ClusterScore | None, ClusterScore | None]:
    """Compare clusters and families with the components of the true pairs."""
    n = truth.units.num_rows
    pairs = truth.pairs.filter(truth.pairs.column("positive"))
    families = _compare(n, pairs, _labels(n, placement, release, "family_id"))
    if not truth.has_relations:
        return None, families
    copies = pairs.filter(pc.not_equal(pairs.column("relation"), "variant"))
    return _compare(n, copies, _labels(n, placement, release, "cluster_id")), families


def _compare(n: int, pairs: pa.Table, found: NDArray[np.int64]) -> ClusterScore | None:
    a, b = (pairs.column(name).to_numpy() for name in ("unit_a", "unit_b"))
    return compare_clusterings(connected_labels(n, a, b), found)


def _labels(n: int, placement: Placement, release: Readable, column: str) -> NDArray[np.int64]:
    """Return the cluster or family of each unit; a unit that is not in the release is alone."""
    membership = release.arrow("membership", ["section_id", "cluster_id"])
    clusters = release.arrow("clusters", ["cluster_id", "family_id"])
    names = membership.column("cluster_id").combine_chunks()
    if column == "family_id":
        at = pc.index_in(names, value_set=clusters.column("cluster_id").combine_chunks())
        names = clusters.column("family_id").combine_chunks().take(at)
    rows = pc.index_in(
        placement.sections.column("section_id").combine_chunks(),
        value_set=membership.column("section_id").combine_chunks(),
    )
    codes = names.dictionary_encode().indices.take(rows)
    labels: NDArray[np.int64] = -1 - np.arange(n, dtype=np.int64)
    units = placement.sections.column("unit").to_numpy()
    values = pc.fill_null(codes, -1).to_numpy().astype(np.int64)
    # The first section of a record speaks for it: written last, it stays.
    known = values[::-1] >= 0
    labels[units[::-1][known]] = values[::-1][known]
    return labels
