"""Files of decisions that somebody sent: looked through by a process that can do no harm, before they are read here.

A Parquet file of some kilobytes can ask for gigabytes, and a malformed one may meet a fault of the library that reads
it. So a process with little memory and time, which can write no file, reads it first; what it refuses, or does not
survive, never reaches the process that serves pages.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

from dedup.decisions.kinds import DecisionError
from dedup.decisions.rows import Decision
from dedup.processes import command_of

#: Bytes of a file at most; half a million decisions take less.
MOST_BYTES = 16 * 1024 * 1024
#: Memory and seconds that reading one may take.
MEMORY_MB = 1536
SECONDS = 60
_REFUSED = 3


def read_received(content: bytes, name: str) -> list[Decision]:
    """Return the decisions of a file that somebody sent, oldest first.

    Parameters
    ----------
    content : its bytes
    name : how messages call it

    Raises
    ------
    DecisionError
        It is empty, too large, no file of decisions, or a row is not to be believed.
    """
    from dedup.decisions.exchange import read_content

    if not content:
        raise DecisionError(f"{name}: is empty; choose the file that `dedup decisions export` wrote")
    if len(content) > MOST_BYTES:
        raise DecisionError(f"{name}: has more than {MOST_BYTES:,} bytes")
    if not content.startswith(b"PAR1"):
        raise DecisionError(f"{name}: no file that `dedup decisions export` wrote (it is no Parquet file)")
    _look_through(content, name)
    return read_content(content, name)


def _look_through(content: bytes, name: str) -> None:
    memory = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    unreadable = DecisionError(f"{name}: cannot be read; it is damaged")
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter itself; what was sent is only its input
            command_of(__name__, f"answer({name!r})"),
            input=content,
            capture_output=True,
            timeout=SECONDS,
            env={**os.environ, **memory},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise unreadable from None
    if done.returncode == _REFUSED:
        raise DecisionError(done.stdout.decode("utf-8", "replace")[:600])
    if done.returncode:
        raise unreadable


def answer(name: str) -> None:
    """Read the file that comes in on stdin; say on stdout why it is refused."""
    from dedup.decisions.exchange import read_content

    _bind()
    content = sys.stdin.buffer.read()
    try:
        read_content(content, name)
    except DecisionError as error:
        sys.stdout.buffer.write(str(error).encode())
        sys.stdout.buffer.flush()
        os._exit(_REFUSED)
    os._exit(0)


def _bind() -> None:
    """Take from this process what reading does not need."""
    import resource

    limits = {
        resource.RLIMIT_AS: MEMORY_MB * 1024 * 1024,
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        # Not every system knows every limit.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))
