"""Reading ahead: the next batch is read while the one before is worked on."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

T = TypeVar("T")
#: Seconds that the end of a run waits for a reader that is in the middle of a file.
_PATIENCE = 2.0


class Prefetch(Generic[T]):
    """Runs an iterator in a thread of its own, which holds one finished item and works on the next.

    Attributes
    ----------
    wall_s, cpu_s : seconds that the iterator took, of its own thread
    """

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._ready: queue.Queue[tuple[bool, T | BaseException | None]] = queue.Queue(maxsize=1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)
        self.wall_s = self.cpu_s = 0.0

    def __enter__(self) -> Prefetch[T]:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(_PATIENCE)

    def __iter__(self) -> Iterator[T]:
        """Yield the items in order; an error of the iterator is raised where its item would have come."""
        while True:
            more, item = self._ready.get()
            if isinstance(item, BaseException):
                raise item
            if not more:
                return
            yield item  # type: ignore[misc]

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                wall, cpu = time.perf_counter(), time.thread_time()
                try:
                    item = next(self._items)
                finally:
                    self.wall_s += time.perf_counter() - wall
                    self.cpu_s += time.thread_time() - cpu
                self._put((True, item))
        except StopIteration:
            self._put((False, None))
        except BaseException as error:
            self._put((False, error))

    def _put(self, entry: tuple[bool, T | BaseException | None]) -> None:
        while not self._stop.is_set():
            try:
                self._ready.put(entry, timeout=0.1)
            except queue.Full:
                continue
            return
