"""Results that are asked for again: each made by one visitor while others wait, the least used dropped first."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")
_NOTHING = object()


class Kept:
    """Keeps results by name.

    Parameters
    ----------
    most_bytes : of results, about, as `size_of` tells; None for no bound
    """

    def __init__(self, most_bytes: int | None) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._making: dict[str, threading.Lock] = {}
        self._bytes = 0

    def get(self, name: str, make: Callable[[], T]) -> T:
        """Return the result of this name; `make` gives it where it is not kept."""
        with self._lock:
            if (found := self._find(name)) is not _NOTHING:
                return found  # type: ignore[no-any-return]
            making = self._making.setdefault(name, threading.Lock())
        with making:
            with self._lock:
                if (found := self._find(name)) is not _NOTHING:
                    return found  # type: ignore[no-any-return]
            try:
                made = make()
            except BaseException:
                with self._lock:
                    self._making.pop(name, None)
                raise
            with self._lock:
                self._making.pop(name, None)
                self._keep(name, made)
            return made

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._held.clear()
            self._bytes = 0

    def _find(self, name: str) -> Any:
        if name not in self._held:
            return _NOTHING
        self._held.move_to_end(name)
        return self._held[name][0]

    def _keep(self, name: str, made: Any) -> None:
        size = 0 if self._most is None else size_of(made)
        if self._most is not None and size > self._most:
            return
        self._held[name] = (made, size)
        self._bytes += size
        while self._most is not None and self._bytes > self._most:
            _, (_, gone) = self._held.popitem(last=False)
            self._bytes -= gone


def size_of(value: Any) -> int:
    """Return about how many bytes a result takes: arrays, tables, and what containers and data classes hold."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, dict):
        return sys.getsizeof(value) + sum(size_of(k) + size_of(v) for k, v in value.items())
    if isinstance(value, list | tuple):
        return sys.getsizeof(value) + sum(size_of(v) for v in value)
    if is_dataclass(value):
        return sum(size_of(getattr(value, f.name)) for f in fields(value))
    return int(getattr(value, "nbytes", sys.getsizeof(value)))
