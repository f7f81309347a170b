"""Samples of pairs drawn to be judged, with the probability of each, and what was judged.

A judgement is no decision: it changes no cluster, or the next release would be measured by what it was told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from dedup.decisions.database import judgements, label_pairs, tasks
from dedup.decisions.kinds import DecisionError, UnknownDecision, check_words
from dedup.decisions.rows import from_us
from dedup.decisions.uncertain import Progress
from dedup.ids import make_id

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from dedup.decisions.store import DecisionStore

#: What a person may say of a pair, and what is stored.
VERDICTS: Mapping[str, str] = {"yes": "same", "no": "not_same", "edition": "edition", "unsure": "unsure"}


@dataclass(frozen=True)
class Stratum:
    """A part of what a sample is drawn from.

    Attributes
    ----------
    name : such as `copy 0.7 to 0.8`
    published : what the release says of its pairs: copy, edition, exact or missed (neither)
    population : pairs in it; estimated for `missed`, whose pairs are counted around a sample of texts
    population_se : standard error of that estimate; 0 where pairs were counted
    drawn : pairs drawn from it
    """

    name: str
    published: str
    population: float
    population_se: float
    drawn: int


@dataclass(frozen=True)
class DrawnPair:
    """A pair of a sample.

    Attributes
    ----------
    probability : of being drawn, known beforehand, above 0
    published : copy, edition or missed
    verdict : same, not_same, edition, unsure; None while nobody judged it
    """

    number: int
    section_a: str
    section_b: str
    key_a: str
    key_b: str
    stratum: str
    probability: float
    published: str
    jaccard: float
    edit_similarity: float | None
    verdict: str | None = None
    who: str | None = None


@dataclass(frozen=True)
class LabelTask:
    """A sample, and how it was drawn."""

    task_id: str
    release_id: str
    stratify: str
    seed: int
    strata: tuple[Stratum, ...]
    who: str
    created_at: datetime
    progress: Progress


class Labels:
    """The samples in a store of decisions."""

    def __init__(self, store: DecisionStore) -> None:
        self._store = store

    def add(
        self,
        release_id: str,
        strata: Sequence[Stratum],
        pairs: Sequence[DrawnPair],
        *,
        stratify: str,
        seed: int,
        who: str,
    ) -> LabelTask:
        """Store a sample; its pairs are judged in the order given."""
        _, who = check_words("", who)
        now = self._store.now_us()
        task_id = make_id("j", release_id, stratify, str(seed), str(len(pairs)), str(now))
        rows = [
            {
                "task_id": task_id, "number": n, "key_a": p.key_a, "key_b": p.key_b, "section_a": p.section_a,
                "section_b": p.section_b, "stratum": p.stratum, "probability": p.probability,
                "published": p.published, "jaccard": p.jaccard, "edit_similarity": p.edit_similarity,
            }
            for n, p in enumerate(pairs)
        ]  # fmt: skip
        with self._store.writing() as connection:
            connection.execute(
                insert(tasks).values(
                    task_id=task_id, release_id=release_id, stratify=stratify, seed=seed, who=who, created_us=now,
                    design=json.dumps([asdict(s) for s in strata]),
                )
            )  # fmt: skip
            if rows:
                connection.execute(insert(label_pairs), rows)
        return self.task(task_id)

    def tasks(self) -> list[LabelTask]:
        """Return all samples, oldest first."""
        with self._store.reading() as connection:
            rows = connection.execute(select(tasks).order_by(tasks.c.created_us, tasks.c.task_id)).all()
            return [_task(connection, dict(row._mapping)) for row in rows]

    def task(self, name: str | None = None) -> LabelTask:
        """Return one sample by its id or the beginning of it; default: the newest.

        Raises
        ------
        UnknownDecision
            There is none, or there are several.
        """
        found = [t for t in self.tasks() if name is None or t.task_id.startswith(name.rstrip("…"))]
        if name is None and not found:
            raise UnknownDecision("no sample was drawn yet; `dedup label --n 200` draws one")
        if not found:
            raise UnknownDecision(f"no sample {name}; `dedup label --list` shows them")
        if name is not None and len(found) > 1:
            raise UnknownDecision(f"{name} is the beginning of several ids; give more of it")
        return found[-1]

    def pairs(self, task_id: str) -> list[DrawnPair]:
        """Return the pairs of a sample with their newest verdicts, in the order in which they are judged."""
        with self._store.reading() as connection:
            drawn = connection.execute(
                select(label_pairs).where(label_pairs.c.task_id == task_id).order_by(label_pairs.c.number)
            ).all()
            verdicts = {
                row.number: (row.verdict, row.who)
                for row in connection.execute(
                    select(judgements)
                    .where(judgements.c.task_id == task_id)
                    .order_by(judgements.c.judged_us, judgements.c.judgement_id)
                )
            }
        pairs = []
        for row in drawn:
            values = dict(row._mapping)
            del values["task_id"]
            verdict, who = verdicts.get(row.number, (None, None))
            pairs.append(DrawnPair(**values, verdict=verdict, who=who))
        return pairs

    def judge(self, task_id: str, number: int, verdict: str, *, who: str, note: str = "") -> None:
        """Write down what somebody says of a pair: yes, no, edition or unsure. The newest verdict of a pair counts.

        Raises
        ------
        DecisionError
            The verdict is none, nobody is named, or the sample has no such pair.
        """
        if verdict not in VERDICTS:
            raise DecisionError(f"{verdict!r} is no verdict; there are {', '.join(VERDICTS)}")
        note, who = check_words(note, who)
        with self._store.writing() as connection:
            here = (label_pairs.c.task_id == task_id) & (label_pairs.c.number == number)
            if connection.scalar(select(func.count()).select_from(label_pairs).where(here)) != 1:
                raise DecisionError(f"sample {task_id} has no pair {number}")
            last = connection.scalar(select(func.max(judgements.c.judged_us))) or 0
            now = max(self._store.now_us(), int(last) + 1)
            connection.execute(
                insert(judgements).values(
                    judgement_id=make_id("q", task_id, str(number), verdict, who, str(now)),
                    task_id=task_id, number=number, verdict=VERDICTS[verdict], note=note, who=who, judged_us=now,
                )
            )  # fmt: skip


def _task(connection: Connection, row: Mapping[str, Any]) -> LabelTask:
    own = label_pairs.c.task_id == row["task_id"]
    judged = select(func.count(func.distinct(judgements.c.number))).where(judgements.c.task_id == row["task_id"])
    return LabelTask(
        task_id=row["task_id"],
        release_id=row["release_id"],
        stratify=row["stratify"],
        seed=row["seed"],
        strata=tuple(Stratum(**s) for s in json.loads(row["design"])),
        who=row["who"],
        created_at=from_us(row["created_us"]),
        progress=Progress(
            connection.scalar(judged) or 0,
            connection.scalar(select(func.count()).select_from(label_pairs).where(own)) or 0,
        ),
    )


class LabelQueue:
    """The pairs of one sample, judged one after another, like `uncertain.DoubtQueue`."""

    def __init__(self, store: DecisionStore, task_id: str | None = None) -> None:
        self._labels = Labels(store)
        self.task_id = self._labels.task(task_id).task_id

    @property
    def pairs(self) -> list[DrawnPair]:
        """All pairs of the sample with their verdicts."""
        return self._labels.pairs(self.task_id)

    def progress(self) -> Progress:
        """Return how many pairs are judged."""
        return self._labels.task(self.task_id).progress

    def next_pair(self, skip: int = 0) -> DrawnPair | None:
        """Return the first pair without a verdict, or a later one; None at the end."""
        waiting = [p for p in self.pairs if p.verdict is None]
        return waiting[skip] if skip < len(waiting) else None

    def judge(self, pair: DrawnPair, verdict: str, *, who: str, note: str = "") -> None:
        """Write down a verdict: yes, no, edition or unsure; see `Labels.judge`."""
        self._labels.judge(self.task_id, pair.number, verdict, who=who, note=note)
