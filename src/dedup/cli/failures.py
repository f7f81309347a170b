"""Errors as a person wants them: one line, the way out, and the exit code that scripts rely on."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from dedup.cli.console import note

ERROR, USAGE, QUALITY_GATE, SOURCE_SHRANK, LOCKED, INTERRUPTED = 1, 2, 3, 4, 5, 130

#: Errors that a user can act on, by module and name so that nothing is imported to find out: exit code.
_KNOWN = {
    "WarehouseLocked": LOCKED,
    "IntegrityError": QUALITY_GATE,
    "SourceShrank": SOURCE_SHRANK,
    "SettingsError": USAGE,
    "SourceError": USAGE,
    "SuiteError": USAGE,
    "DecisionError": USAGE,
    "NotPublished": USAGE,
}
_FULL = "the disk is full; free some space and run again, the last release is untouched"
#: Rooms whose own errors carry a message for people.
_OWN = "dedup."


class CommandError(Exception):
    """A request that cannot be met; the message is for the user."""

    def __init__(self, message: str, code: int = ERROR) -> None:
        super().__init__(message)
        self.code = code


def _from_kernel_cache(error: BaseException) -> bool:
    """Whether an error arose while numba read a compiled function back."""
    trace = error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).parts[-3:] == ("numba", "core", "caching.py"):
            return True
        trace = trace.tb_next
    return False


def exit_code(error: BaseException) -> int:
    """Return the exit code of an error."""
    if isinstance(error, CommandError):
        return error.code
    for kind in type(error).__mro__:
        if kind.__module__.startswith(_OWN) and kind.__name__ in _KNOWN:
            return _KNOWN[kind.__name__]
    return ERROR


def explain_failure(error: BaseException) -> int:
    """Print an error to stderr without a traceback; return the exit code."""
    own = any(kind.__module__.startswith(_OWN) for kind in type(error).__mro__)
    if own:
        text = str(error)
    elif isinstance(error, OSError) and error.errno is not None:
        where = f"{error.filename}: " if error.filename else ""
        text = f"{where}{error.strerror}" if error.filename else str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            # Arrow names the operation and no file.
            text = f"{where}{_FULL}"
        elif error.errno == errno.EFBIG:
            text = f"{where}a file may not become so large here (see `ulimit -f`); the last release is untouched"
    elif "No space left on device" in str(error):
        # DuckDB spills to the folder for temporary files.
        text = f"{_FULL} (temporary files lie in {tempfile.gettempdir()}; TMPDIR names another folder)"
    elif _from_kernel_cache(error):
        folder = Path(__file__).parents[1]
        text = (
            "a compiled kernel in the cache is damaged, as when two first runs compile it at once; run again after: "
            f"find {os.environ.get('NUMBA_CACHE_DIR') or folder} -name '*.nb[ci]' -delete"
        )
    elif isinstance(error, MemoryError):
        text = "out of memory; a smaller `memory_limit` or `workers` in dedup.toml needs less"
    else:
        text = f"{type(error).__name__}: {error}\nthis is a fault of dedup; DEDUP_DEBUG=1 shows where it happened"
    note(f"error: {text or type(error).__name__}")
    return exit_code(error)
