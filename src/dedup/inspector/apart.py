"""Tables of a large release are made by a process of their own, whose memory goes when it ends.

DuckDB and the allocators keep what sorting millions of rows took once; a server would carry that along for weeks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dedup.processes import command_of

if TYPE_CHECKING:
    from dedup.inspector.tables import Tables

#: Seconds between two looks whether a table is there.
_LOOK_AGAIN = 0.05


class Apart:
    """A process that makes all tables, one after another, in the folder of `tables`.

    What it does not make, because it was ended or failed, the caller makes.
    """

    def __init__(self, tables: Tables) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the interpreter itself; file names go in on stdin
            command_of(__name__, "work()"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            # Ctrl-C in a terminal reaches the caller alone, which then ends this process.
            process_group=0,
        )
        asked = {"folder": str(tables.folder), "files": tables.files, "thresholds": tables.thresholds}
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()

    def wait_for(self, path: Path) -> bool:
        """Wait until a file is there; False when the process ended without making it."""
        while not path.exists():
            if self._process.poll() is not None:
                return path.exists()
            time.sleep(_LOOK_AGAIN)
        return True

    @property
    def done(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()


def work() -> None:
    """Make the tables that are asked for on stdin; ends when the other end is gone."""
    from dedup.inspector.tables import ORDER, Tables

    # Visitors come first.
    with suppress(OSError):
        os.nice(5)
    asked = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_caller, daemon=True).start()
    tables = Tables(Path(asked["folder"]), asked["files"], tuple(asked["thresholds"]))
    for name in ORDER:
        # What fails is made, and its failure shown, where it is asked for.
        with suppress(Exception):
            tables.need(name)
    # Past the thread that still reads, and past what libraries do at their end.
    os._exit(0)


def _end_with_caller() -> None:
    sys.stdin.buffer.read()
    os._exit(1)
