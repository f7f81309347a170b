"""Calls a function of the plan for many tasks, here or in worker processes, with results in order either way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from dedup.evaluation.planting import Plan

Task = TypeVar("Task")
Result = TypeVar("Result")
#: The plan of a worker process, set once when it starts.
_plan: Plan | None = None


def _start(plan: Plan) -> None:
    global _plan
    _plan = plan


def _call(function: Callable[[Plan, Task], Result], task: Task) -> Result:
    if _plan is None:
        raise RuntimeError("the worker was started without a plan")
    return function(_plan, task)


class Crew:
    """Worker processes that hold the plan; with one worker everything happens in this process.

    Processes are started afresh (`spawn`): a fork would copy the threads' locks of Arrow and numba. A script that
    asks for workers must therefore guard its own start with `if __name__ == "__main__":`.
    """

    def __init__(self, plan: Plan, workers: int = 1) -> None:
        self._plan = plan
        self._pool: ProcessPoolExecutor | None = None
        self._workers = workers
        if workers > 1:
            self._pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (plan,))

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def map(self, function: Callable[[Plan, Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield `function(plan, task)` in the order of the tasks; few results are held at a time."""
        if self._pool is None:
            for task in tasks:
                yield function(self._plan, task)
            return
        pending: deque[Future[Result]] = deque()
        for task in tasks:
            pending.append(self._pool.submit(_call, function, task))
            if len(pending) > 2 * self._workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
