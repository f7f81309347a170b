"""Worker processes: work that Python does text by text, spread over processors.

They are started as programs of their own, not by `multiprocessing`, which would import the caller's main module: so
they work from scripts without a guard, from notebooks and beside running threads.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any, TypeVar

import dedup

Task = TypeVar("Task")
Result = TypeVar("Result")
_LENGTH = struct.Struct("<Q")


class WorkerLost(RuntimeError):
    """A worker process ended before it had answered; the message says how."""


def map_in_processes(work: Callable[[Task], Result], tasks: Iterable[Task], processes: int) -> Iterator[Result]:
    """Yield `work(task)` for each task, in order; at most twice as many results wait as there are processes.

    Parameters
    ----------
    work : a function at the top of a module of this package; tasks and results must be picklable
    processes : worker processes; with one, or where no interpreter is known, everything happens in this process

    Raises
    ------
    WorkerLost
        A process ended unexpectedly; what it wrote about that is on stderr.
    """
    if processes <= 1 or not sys.executable:
        yield from map(work, tasks)
        return
    crew: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
    started = [_start(work) for _ in range(processes)]
    for process in started:
        crew.put(process)

    def ask(task: Task) -> Result:
        process = crew.get()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            _send(process.stdin, task)
            return _receive(process.stdout)  # type: ignore[no-any-return]
        except (EOFError, OSError) as error:
            raise WorkerLost(f"a worker process ended with exit code {process.wait()}") from error
        finally:
            crew.put(process)

    try:
        with ThreadPoolExecutor(processes, thread_name_prefix="workers") as pool:
            waiting: deque[Future[Result]] = deque()
            for task in tasks:
                waiting.append(pool.submit(ask, task))
                if len(waiting) > 2 * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    finally:
        for process in started:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                with suppress(OSError):
                    pipe.close()


def serve() -> None:
    """Answer the tasks that come in on stdin until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not stand between answers.
    with suppress(OSError):
        os.dup2(2, 1)
    with suppress(EOFError):
        module, name = _receive(sys.stdin.buffer)
        work = getattr(import_module(module), name)
        while True:
            _send(out, work(_receive(sys.stdin.buffer)))


def command_of(module: str, call: str) -> list[str]:
    """Return the command of a process that makes one call, such as `serve()`, in a module of this package.

    The package is the caller's own, however the caller found it; -P keeps the working folder out.
    """
    root = str(Path(dedup.__file__).resolve().parents[1])
    found = f"import sys; sys.path.insert(0, {root!r}); import dedup; del sys.path[0]"
    name, _, _ = call.partition("(")
    return [sys.executable, "-P", "-c", f"{found}; from {module} import {name}; {call}"]


def _start(work: Callable[[Task], Result]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 - the interpreter itself, and nothing of the input
        command_of(__name__, "serve()"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Ctrl-C in a terminal reaches the caller alone, which then ends this process.
        process_group=0,
    )
    assert process.stdin is not None
    # One that could not start is found out when it is asked.
    with suppress(OSError):
        _send(process.stdin, (work.__module__, work.__qualname__))
    return process


def _send(stream: IO[bytes], message: object) -> None:
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    size = stream.read(_LENGTH.size)
    if len(size) < _LENGTH.size:
        raise EOFError
    data = stream.read(_LENGTH.unpack(size)[0])
    if len(data) < _LENGTH.unpack(size)[0]:
        raise EOFError
    # Only this process and the one it started write to these pipes.
    return pickle.loads(data)  # noqa: S301
