"""Cutting on all processors: the text stage is Python, so its share of a run is spread over processes.

Processes cost about a second each to start. They are started when an input has shown that it is long enough to pay
that back; a short one is cut where it is read.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dedup.engines.cutter import read_frame, write_frame
from dedup.processes import command_of
from dedup.text.sections import UncutDocument, cut_documents

if TYPE_CHECKING:
    from types import TracebackType

    from dedup.settings import Settings

#: Columns that cutting needs.
NEEDED = ["doc_id", "source", "title", "text"]
#: Characters that are handed out at once: a quarter of a second's work.
PIECE_CHARS = 400_000
#: Characters that are cut here before processes are started: about as long as starting them takes.
START_AFTER = 3_000_000
#: Memory of a process that cuts, with its pieces; as many are started as half of the memory limit holds.
PROCESS_BYTES = 200_000_000
#: Pieces in work or waiting, per process.
AHEAD = 3


class CuttingFailed(RuntimeError):
    """A document could not be cut, or a process that cuts was lost; the message names what was at work."""


@dataclass(frozen=True)
class Cut:
    """A piece of the input and its sections.

    Attributes
    ----------
    documents : rows of the input, in order
    sections : table with the schema `schemas.SECTIONS`
    wall_s, cpu_s : seconds that cutting took, of the thread or process that did it
    """

    documents: pa.Table
    sections: pa.Table
    wall_s: float
    cpu_s: float


def pieces(documents: pa.Table, most: int = PIECE_CHARS) -> Iterator[pa.Table]:
    """Yield the rows in pieces of about `most` characters, at least one row each."""
    chars = np.cumsum(documents.column("n_chars").to_numpy())
    start = 0
    while start < chars.size:
        before = chars[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(chars, before + most, side="right")))
        yield documents.slice(start, stop - start)
        start = stop


class Crew:
    """Cuts pieces in order, in this process or in several.

    Parameters
    ----------
    settings : `workers` processes at most (1: none but this), `memory_limit`, `text`
    start_after : characters that are cut here first
    """

    def __init__(self, settings: Settings, *, start_after: int = START_AFTER) -> None:
        self._settings = settings
        self._left = start_after
        # A program that embeds Python may not say where the interpreter is; then there is this process only.
        most = settings.threads if sys.executable else 1
        self.size = max(1, min(most, settings.memory_bytes // (2 * PROCESS_BYTES)))
        self._executor: ThreadPoolExecutor | None = None
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        self._processes: list[_Process] = []
        self._closed = False
        self._lock = threading.Lock()

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
            for process in self._processes:
                process.close(kill=kind is not None)
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    def cut(self, batches: Iterator[pa.Table]) -> Iterator[Cut]:
        """Cut tables of documents and yield their pieces in order.

        A few pieces are in work while the caller uses the one before; `batches` is asked for more only then.

        Raises
        ------
        CuttingFailed
            A document cannot be cut (it is named), or a process died.
        """
        waiting: deque[Future[Cut]] = deque()
        for batch in batches:
            for piece in pieces(batch):
                if self.size == 1 or self._left > 0:
                    self._left -= sum(piece.column("n_chars").to_pylist())
                    yield self._cut_here(piece)
                    continue
                if self._executor is None:
                    self._executor = ThreadPoolExecutor(self.size, thread_name_prefix="cut")
                waiting.append(self._executor.submit(self._cut_there, piece))
                while len(waiting) >= AHEAD * self.size or (waiting and waiting[0].done()):
                    yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _cut_here(self, documents: pa.Table) -> Cut:
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            sections = cut_documents(documents.select(NEEDED), self._settings.text)
        except UncutDocument as error:
            raise _named(documents, error.doc_id, str(error)) from error
        return Cut(documents, sections, time.perf_counter() - wall, time.thread_time() - cpu)

    def _cut_there(self, documents: pa.Table) -> Cut:
        try:
            process = self._idle.get_nowait()
        except queue.Empty:
            with self._lock:
                if self._closed:
                    raise CuttingFailed("the run was ended") from None
                process = _Process(self._settings.text.model_dump(mode="json"))
                self._processes.append(process)
        wall = time.perf_counter()
        try:
            message, sections = process.ask(documents.select(NEEDED))
        except (EOFError, OSError) as error:
            first, last = (documents.column("uri")[i].as_py() for i in (0, documents.num_rows - 1))
            raise CuttingFailed(
                f"a process that cuts pages ended unexpectedly ({process.end()}) at the documents from {first} to "
                f"{last}; nothing was published. Run again; where memory is short, set `workers = 1` in dedup.toml"
            ) from error
        self._idle.put(process)
        if sections is None:
            raise _named(documents, message.get("doc_id"), message["failure"])
        return Cut(documents, sections, time.perf_counter() - wall, message["cpu_s"])


def _named(documents: pa.Table, doc_id: str | None, failure: str) -> CuttingFailed:
    uris = dict(zip(documents.column("doc_id").to_pylist(), documents.column("uri").to_pylist(), strict=True))
    where = uris.get(doc_id, f"one of the documents from {documents.column('uri')[0].as_py()} on")
    return CuttingFailed(f"{where}: cutting failed on it ({failure}); leave it out with `exclude` and report this")


class _Process:
    """One process that cuts (`dedup.engines.cutter`), spoken to over its pipes."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the interpreter itself, and nothing of the input
            command_of("dedup.engines.cutter", "serve()"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C in a terminal reaches the caller alone, which then ends this process.
            process_group=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        # A process that could not start is found out when it is asked.
        with contextlib.suppress(OSError):
            write_frame(self._in, settings)

    def ask(self, documents: pa.Table) -> tuple[dict[str, Any], pa.Table | None]:
        write_frame(self._in, {}, documents)
        return read_frame(self._out)

    def end(self) -> str:
        """Wait for the process and return how it ended."""
        code = self._process.wait()
        return f"signal {-code}" + (", killed" if code == -9 else "") if code < 0 else f"exit code {code}"

    def close(self, *, kill: bool) -> None:
        if kill:
            self._process.kill()
        with contextlib.suppress(OSError):
            self._in.close()
        self._process.wait()
        self._out.close()
