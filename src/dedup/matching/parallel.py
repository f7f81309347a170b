"""Work cut into parts for threads; the parts come back in order, so their number changes nothing."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Result = TypeVar("Result")

#: Bytes that the working arrays of matching may take, roughly, where the caller names no bound.
MEMORY = 1 << 30


def run_parts(work: Callable[[int, int], Result], n: int, size: int, threads: int) -> Iterator[Result]:
    """Yield `work(low, high)` for consecutive parts of range(n), `size` each, in order.

    Parameters
    ----------
    work : a function that releases the GIL for most of its time
    threads : parts worked on at a time; at most as many results again wait to be taken
    """
    parts = [(low, min(low + size, n)) for low in range(0, n, size)]
    if threads <= 1 or len(parts) < 2:
        for low, high in parts:
            yield work(low, high)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Result]] = deque()
        for low, high in parts:
            waiting.append(pool.submit(work, low, high))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
