"""Work on a second thread, which nobody waits for who is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


def beside(work: Callable[[], Result]) -> Future[Result]:
    """Begin `work` on a thread of its own and return what it will give.

    An executor would wait for its threads when it is left, at the end of the process too: Ctrl-C while a kernel reads a
    million texts would seem to do nothing. This thread is left behind, and ends with the process.
    """
    future: Future[Result] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            # Whoever asks for the result gets it.
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name="beside", daemon=True).start()
    return future
