"""A process that cuts: tables of documents come in on stdin, tables of sections go out on stdout.

Frames are a header of two lengths, a JSON object and an Arrow IPC stream. Nothing is pickled and the caller's main
module is not imported, so it works from scripts without a guard, from notebooks and beside running threads.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import struct
import sys
import threading
import time
import traceback
from typing import IO, Any

import pyarrow as pa

_HEADER = struct.Struct("<QQ")


def write_frame(stream: IO[bytes], message: dict[str, Any], table: pa.Table | None = None) -> None:
    """Write one message, with a table or without."""
    body = pa.py_buffer(b"")
    if table is not None:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        body = sink.getvalue()
    head = json.dumps(message).encode("utf-8")
    stream.write(_HEADER.pack(len(head), body.size) + head)
    stream.write(body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], pa.Table | None]:
    """Return the next message and its table, which lies in the bytes as they were read.

    Raises
    ------
    EOFError
        The other side closed the stream, or broke off inside a message.
    """
    n_head, n_body = _HEADER.unpack(_read(stream, _HEADER.size))
    message = json.loads(bytes(_read(stream, n_head)))
    table = pa.ipc.open_stream(pa.py_buffer(_read(stream, n_body))).read_all() if n_body else None
    return message, table


def _read(stream: IO[bytes], size: int) -> bytearray:
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:
        n = stream.readinto(view[got:])  # type: ignore[attr-defined]
        if not n:
            raise EOFError
        got += n
    return data


def serve() -> None:
    """Cut what comes in on stdin until it is closed.

    A thread reads ahead and ends the process with its caller: a caller that was killed leaves nothing behind, even
    while a long document is being cut.
    """
    # Ctrl-C is the caller's business; it ends this process by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not stand between frames.
    try:
        os.dup2(2, 1)
    except OSError:  # schedulers start programs without a stderr
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    frames: queue.Queue[tuple[dict[str, Any], pa.Table | None]] = queue.Queue(maxsize=1)
    threading.Thread(target=_receive, args=(frames,), daemon=True).start()

    from dedup.settings import TextSettings
    from dedup.text.sections import UncutDocument, cut_documents

    settings, _ = frames.get()
    text = TextSettings.model_validate(settings)
    spent = 0.0
    while True:
        _, documents = frames.get()
        failure: dict[str, str] = {}
        sections = None
        try:
            sections = cut_documents(documents, text)
        except UncutDocument as error:
            failure = {"doc_id": error.doc_id, "failure": str(error)}
        except Exception as error:
            failure = {"failure": "".join(traceback.format_exception_only(error)).strip()}
        now = time.process_time()  # with what starting took, in the first report
        write_frame(out, {"cpu_s": now - spent, **failure}, sections)
        spent = now


def _receive(frames: queue.Queue[tuple[dict[str, Any], pa.Table | None]]) -> None:
    stream = sys.stdin.buffer
    try:
        while True:
            frames.put(read_frame(stream))
    except EOFError:
        os._exit(0)
