"""Ends what takes too long: one thread watches over all questions; a timer each would cost more than most take."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable

#: Seconds between two looks.
STEP = 0.1


class Watch:
    """Calls back for whatever did not end in time."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._numbers = itertools.count()
        self._watched: dict[int, tuple[float, Callable[[], object]]] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def begin(self, seconds: float, late: Callable[[], object]) -> int:
        """Watch over something for so long, then call `late`; returns its number for `end`."""
        with self._lock:
            number = next(self._numbers)
            self._watched[number] = (time.monotonic() + seconds, late)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, daemon=True)
                self._thread.start()
            elif len(self._watched) == 1:
                self._lock.notify()
            return number

    def end(self, number: int) -> None:
        """Leave off watching over something."""
        with self._lock:
            self._watched.pop(number, None)

    def close(self) -> None:
        """Watch no more."""
        with self._lock:
            self._closed = True
            self._watched.clear()
            self._lock.notify()

    def _look(self) -> None:
        while True:
            with self._lock:
                while not self._watched and not self._closed:
                    self._lock.wait()
                if self._closed:
                    return
                now = time.monotonic()
                for number, (until, late) in list(self._watched.items()):
                    if until <= now:
                        del self._watched[number]
                        # Under the lock: who has ended is not called any more.
                        late()
            time.sleep(STEP)
