"""What judged samples say of a release: precision and recall as people see them, with their intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup.decisions.labels import DrawnPair, LabelTask, Stratum

OUTCOMES = ("same", "edition", "not_same")
#: Draws by which intervals are found; their ends then wobble by less than 0.003.
DRAWS = 10_000
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A share, with the interval in which it lies with a probability of 95 %.

    `value` is None when a stratum that it needs has no judgement yet.
    """

    value: float | None
    low: float
    high: float


@dataclass(frozen=True)
class JudgedStratum:
    """How one stratum was judged."""

    name: str
    published: str
    population: float
    drawn: int
    same: int
    edition: int
    not_same: int
    unsure: int


@dataclass(frozen=True)
class LabelScore:
    """What people said of a release, weighted to all its pairs of different texts.

    Attributes
    ----------
    copies : share of the pairs published as copies that are copies
    links : share of them that are copies or editions of one text
    editions : share of the pairs published as other editions that are that; None where there are none
    recall : share of the copies that are published as copies; None where nothing was looked at beside them
    judged, drawn, unsure : pairs; those that people are unsure of are left out of the shares
    """

    task_id: str
    release_id: str
    copies: Estimate
    links: Estimate
    editions: Estimate | None
    recall: Estimate | None
    strata: tuple[JudgedStratum, ...]
    judged: int
    drawn: int
    unsure: int

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (name, value, explanation), ready for a table."""
        rows = [
            ("precision, as people see it", _shown(self.copies), "of the pairs published as copies, copies"),
            ("copies or editions", _shown(self.links), "of the same pairs, copies or editions of one text"),
        ]
        if self.editions is not None:
            rows.append(("editions", _shown(self.editions), "of the pairs published as other editions, editions"))
        if self.recall is not None:
            rows.append(("recall, as people see it", _shown(self.recall), "of the copies, published as copies"))
        unsure = f", {self.unsure:,} of them unsure" if self.unsure else ""
        rows.append(("judged", f"{self.judged:,}", f"of {self.drawn:,} pairs drawn from {self.release_id}{unsure}"))
        return rows

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return asdict(self)


def _shown(estimate: Estimate) -> str:
    interval = f"({estimate.low:.3f} to {estimate.high:.3f})"
    return f"{'–' if estimate.value is None else f'{estimate.value:.4f}'} {interval}"


def score_labels(task: LabelTask, pairs: Sequence[DrawnPair]) -> LabelScore:
    """Weight judgements by the probabilities with which their pairs were drawn.

    Notes
    -----
    A stratum of N pairs counts N times the shares of its judgements (the Horvitz-Thompson estimator: inside a stratum
    all pairs have one probability, and as they are judged in a random order, those judged so far are a random part of
    those drawn). Intervals are the middle 95 % of draws from the posterior of every stratum's shares (same or not,
    then edition or not) under Jeffreys' prior, narrowed by the finite population, and of its size where that is an
    estimate: unlike a normal interval they say something when all judgements agree.
    """
    judged = [_count(stratum, pairs) for stratum in task.strata]
    random = np.random.default_rng(20_000)
    draws = [_draw(s, j, random) for s, j in zip(task.strata, judged, strict=True)]
    points = [_point(s, j) for s, j in zip(task.strata, judged, strict=True)]

    def ratio(top: dict[str, Sequence[str]], bottom: dict[str, Sequence[str]]) -> Estimate | None:
        """Return the share of pairs with some outcomes, by what they are published as, in others."""

        def total(of: Sequence[NDArray[np.float64]], parts: dict[str, Sequence[str]]) -> NDArray[np.float64]:
            sums = [
                counts[..., OUTCOMES.index(outcome)]
                for counts, s in zip(of, task.strata, strict=True)
                for outcome in parts.get(s.published, ())
            ]
            return np.sum(sums, axis=0) if sums else np.zeros(1)

        needed = [j for s, j in zip(task.strata, judged, strict=True) if s.published in bottom and s.population]
        if not needed:
            return None
        values = total(draws, top) / np.maximum(total(draws, bottom), 1e-12)
        low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        whole = float(total(points, bottom).item())
        open_ = any(j.same + j.edition + j.not_same == 0 for j in needed) or whole == 0
        value = None if open_ else float(total(points, top).item()) / whole
        if value is not None:
            low, high = min(low, value), max(high, value)
        return Estimate(value, float(low), float(high))

    nothing = Estimate(None, 0.0, 1.0)
    has_missed = any(s.published == "missed" for s in task.strata)
    return LabelScore(
        task_id=task.task_id,
        release_id=task.release_id,
        copies=ratio({"copy": ["same"]}, {"copy": OUTCOMES}) or nothing,
        links=ratio({"copy": ["same", "edition"]}, {"copy": OUTCOMES}) or nothing,
        editions=ratio({"edition": ["edition"]}, {"edition": OUTCOMES}),
        recall=ratio({"copy": ["same"]}, {"copy": ["same"], "edition": ["same"], "missed": ["same"]})
        if has_missed
        else None,
        strata=tuple(judged),
        judged=sum(p.verdict is not None for p in pairs),
        drawn=len(pairs),
        unsure=sum(p.verdict == "unsure" for p in pairs),
    )


def _count(stratum: Stratum, pairs: Sequence[DrawnPair]) -> JudgedStratum:
    found = Counter(p.verdict for p in pairs if p.stratum == stratum.name)
    return JudgedStratum(
        stratum.name, stratum.published, stratum.population, stratum.drawn, found["same"], found["edition"],
        found["not_same"], found["unsure"],
    )  # fmt: skip


def _point(stratum: Stratum, judged: JudgedStratum) -> NDArray[np.float64]:
    """Return the estimated number of pairs with each outcome, shape (3,)."""
    counts = np.array([judged.same, judged.edition, judged.not_same], dtype=np.float64)
    expected: NDArray[np.float64] = stratum.population * counts / max(counts.sum(), 1.0)
    return expected


def _draw(stratum: Stratum, judged: JudgedStratum, random: np.random.Generator) -> NDArray[np.float64]:
    """Return draws of the number of pairs with each outcome, shape (DRAWS, 3)."""
    counts = np.array([judged.same, judged.edition, judged.not_same], dtype=np.float64)
    n = counts.sum()
    same = random.beta(judged.same + 0.5, judged.edition + judged.not_same + 0.5, size=DRAWS)
    edition = (1 - same) * random.beta(judged.edition + 0.5, judged.not_same + 0.5, size=DRAWS)
    shares = np.stack([same, edition, 1 - same - edition], axis=1)
    if n:
        # The part of the stratum that was judged is known.
        rest = np.sqrt(max(0.0, 1.0 - n / max(stratum.population, n)))
        shares = counts / n + rest * (shares - counts / n)
    size = np.full(DRAWS, stratum.population)
    if stratum.population_se > 0:
        variance = stratum.population_se**2
        size = random.gamma(stratum.population**2 / variance, variance / stratum.population, size=DRAWS)
    drawn: NDArray[np.float64] = size[:, None] * shares
    return drawn
