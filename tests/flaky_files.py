"""Files behind urls whose server breaks off in the middle of a file, or is gone."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

#: What the server does: "whole", "half" or "gone".
state = "whole"


class BreaksOff(io.RawIOBase):
    """The first half of a file, then a lost connection."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data[: len(data) // 2])

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._data.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        n = self._data.readinto(buffer)
        if not n:
            raise ConnectionResetError(104, "Connection reset by peer")
        return n


class FlakyFiles(LocalFileSystem):
    """The local files under `flaky://`."""

    protocol = "flaky"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.removeprefix("flaky://"))

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        if state == "gone":
            raise ConnectionRefusedError(111, "Connection refused")
        return super().info(path, **options)

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        if state == "half":
            return io.BufferedReader(BreaksOff(Path(self._strip_protocol(path)).read_bytes()))
        return super().open(path, mode, **options)


fsspec.register_implementation("flaky", FlakyFiles, clobber=True)
