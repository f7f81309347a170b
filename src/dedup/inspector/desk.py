"""Where decisions are written down: the store of decisions as the pages use it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, cast

from dedup.inspector.store import LONG_SECONDS, Missing, Store

if TYPE_CHECKING:
    import pyarrow as pa

    from dedup.clusters.rethreshold import PublishedPairs
    from dedup.decisions import Decision, DecisionStore
    from dedup.decisions.labels import LabelQueue, LabelTask
    from dedup.decisions.uncertain import DoubtQueue
    from dedup.settings import Settings


class PatientRelease:
    """A release for questions that are asked once and may take their time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.id = store.id
        self.manifest: dict[str, Any] = store.release.manifest

    def sql(self, query: str, parameters: Any = None) -> pa.Table:
        """Answer a query."""
        with self._store.heavy:
            return self._store.sql(query, parameters, seconds=LONG_SECONDS)

    def arrow(self, name: str, columns: Any = None) -> pa.Table:
        """Return a dataset, or some columns of it."""
        return self._store.arrow(name, columns)


class _OnDemand:
    """What the queue asks of the store of decisions, which is made when the first verdict is given."""

    def __init__(self, opened: Callable[..., DecisionStore | None]) -> None:
        self._opened = opened

    def in_force(self) -> list[Decision]:
        decisions = self._opened(make=False)
        return [] if decisions is None else decisions.in_force()

    def record(self, *words: Any, **more: Any) -> Decision:
        decisions = self._opened(make=True)
        assert decisions is not None
        return decisions.record(*words, **more)


class Desk:
    """Records what visitors decide, and says what was decided.

    Parameters
    ----------
    settings : where decisions are kept
    who : name that they carry where a visitor gives none

    Notes
    -----
    The database is made by the first decision, not by looking.
    """

    def __init__(self, settings: Settings, who: str) -> None:
        self._settings = settings
        self.who = who
        self._lock = threading.Lock()
        self._opened: DecisionStore | None = None

    def _store(self, *, make: bool) -> DecisionStore | None:
        from dedup.decisions import open_store

        with self._lock:
            if self._opened is None and (make or self._settings.has_decisions):
                self._opened = open_store(self._settings)
            return self._opened

    def record(self, store: Store, kind: str, a: str, b: str | None, *, note: str, who: str) -> Decision:
        """Write a decision down.

        Parameters
        ----------
        a, b : sections; for boilerplate `a` may be a passage

        Raises
        ------
        DecisionError, StoreError
            It cannot be decided, or not be written.
        Missing
            The release has no such section.
        """
        decisions = self._store(make=True)
        assert decisions is not None
        keys = [self.key(store, name) for name in (a, b) if name]
        sections = (a if a.startswith("s_") else "", b or "")
        return decisions.record(
            kind,
            keys[0],
            keys[1] if len(keys) > 1 else None,
            note=note,
            who=who,
            sections=sections,
            release_id=store.id,
        )

    def key(self, store: Store, name: str) -> str:
        """Return what decisions know a section, or a passage, by."""
        return name if name.startswith("x_") else str(store.section(name, ["content_hash"])["content_hash"])

    def undo(self, decision_id: str, who: str) -> Decision:
        """Take a decision back.

        Raises
        ------
        DecisionError, UnknownDecision
            There is nothing to take back.
        """
        decisions = self._store(make=False)
        if decisions is None:
            raise Missing(decision_id)
        return decisions.undo(decision_id, who)

    def in_force(self) -> list[Decision]:
        """Return the decisions that count now, newest first."""
        decisions = self._store(make=False)
        return [] if decisions is None else decisions.in_force()[::-1]

    def history(self) -> list[Decision]:
        """Return everything that was ever decided, newest first."""
        decisions = self._store(make=False)
        return [] if decisions is None else decisions.rows()[::-1]

    def about(self, keys: Collection[str]) -> list[Decision]:
        """Return the decisions in force about any of some texts, newest first."""
        decisions = self._store(make=False)
        return [] if decisions is None else decisions.about(keys)[::-1]

    def note_of(self, decision_id: str) -> str:
        """Return the note of a decision; '' where it has none, or is not known here."""
        from dedup.decisions import UnknownDecision

        decisions = self._store(make=False)
        try:
            return "" if decisions is None else decisions.get(decision_id).note
        except UnknownDecision:
            return ""

    def everything(self) -> pa.Table:
        """Return all that was ever decided as a table that `take_in` takes elsewhere."""
        from dedup.decisions.rows import decisions_table

        return decisions_table(self.history()[::-1])

    def take_in(self, content: bytes) -> tuple[int, int]:
        """Add the decisions of a file that somebody sent; return how many were new, and how many it holds.

        Raises
        ------
        DecisionError, StoreError
            The file is not to be believed, or the decisions cannot be written; nothing was added.
        """
        from dedup.decisions.received import read_received

        rows = read_received(content, "the file")
        decisions = self._store(make=bool(rows))
        return (0 if decisions is None else decisions.add(rows)), len(rows)

    def doubts(self, store: Store) -> DoubtQueue:
        """Return the queue of doubtful pairs of a release."""
        from dedup.decisions.uncertain import DoubtQueue

        decisions = cast("DecisionStore", _OnDemand(self._store))
        return store.summary("doubts", lambda: DoubtQueue(PatientRelease(store), decisions))

    def samples(self) -> list[LabelTask]:
        """Return the samples that were drawn to be judged, newest first."""
        from dedup.decisions.labels import Labels

        decisions = self._store(make=False)
        return [] if decisions is None else Labels(decisions).tasks()[::-1]

    def sample(self, task_id: str) -> LabelQueue:
        """Return the queue of one sample.

        Raises
        ------
        UnknownDecision
            There is none of this id.
        """
        from dedup.decisions.labels import LabelQueue

        decisions = self._store(make=False)
        if decisions is None:
            raise Missing(task_id)
        return LabelQueue(decisions, task_id)

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None


def published_pairs(store: Store) -> PublishedPairs:
    """Return what the threshold preview reads of a release, read once."""
    from dedup.clusters.rethreshold import read_pairs

    make: Callable[[], PublishedPairs] = lambda: read_pairs(PatientRelease(store))  # noqa: E731
    return store.summary("published pairs", make)
