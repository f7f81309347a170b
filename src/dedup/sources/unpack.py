"""gzip and Zstandard streams, unpacked in small steps so that a decompression bomb stops early."""

from __future__ import annotations

import io
import zlib
from typing import Any, BinaryIO, cast

from dedup.settings import ReadSettings
from dedup.sources.errors import Refused

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
#: The ratio is judged from this much output on: small files of repeated characters do no harm.
_JUDGED_FROM = 4 << 20
#: A Zstandard block of 4 bytes may stand for 128 KiB: input is fed in pieces that can give 16 MiB at most.
_ZSTD_STEP = 512
_ZSTD_WINDOW = 1 << 27
#: Compressed bytes per read; small where the pieces are small, since what is left of a read is copied.
_STEP = {"gzip": 1 << 16, "zstd": 1 << 13}


class Unpacked(io.RawIOBase):
    """Readable stream of the decompressed bytes of `raw`.

    Raises
    ------
    Refused
        from any read: `truncated`, `broken_archive` or `expansion`
    """

    def __init__(self, raw: BinaryIO, codec: str, read: ReadSettings) -> None:
        super().__init__()
        self._raw = raw
        self._codec = codec
        self._max_ratio = read.max_expansion
        self._decoder: Any = None
        self._pending = b""
        self._output = memoryview(b"")
        self._n_in = 0
        self._n_out = 0
        self._members = 0

    def readable(self) -> bool:
        """Tell io.BufferedReader that this can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill `buffer` with decompressed bytes; 0 at the end."""
        while not self._output:
            if not self._step():
                return 0
        n = min(len(buffer), len(self._output))
        buffer[:n] = self._output[:n]
        self._output = self._output[n:]
        return n

    def _new_decoder(self) -> Any:
        if self._codec == "gzip":
            return zlib.decompressobj(wbits=31)
        import zstandard

        return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()

    def _fill(self) -> bool:
        if not self._pending:
            self._pending = self._raw.read(_STEP[self._codec])
            self._n_in += len(self._pending)
        return bool(self._pending)

    def _step(self) -> bool:
        """Decompress the next piece; False at the end of the file."""
        if not self._fill():
            if self._decoder is not None:
                raise Refused("truncated", f"the {self._codec} file ends in the middle; fetch it again")
            return False
        if self._decoder is None:
            if self._members and not self._pending.strip(b"\x00"):
                self._pending = b""  # padding behind the last member, as tape blocks leave it
                return True
            self._decoder = self._new_decoder()
        try:
            if self._codec == "gzip":
                out = self._decoder.decompress(self._pending, 1 << 20)
                rest = self._decoder.unconsumed_tail or self._decoder.unused_data
            else:
                out = self._decoder.decompress(self._pending[:_ZSTD_STEP])
                rest = self._decoder.unused_data + self._pending[_ZSTD_STEP:]
        except Exception as error:  # zlib.error or zstandard.ZstdError, which may not be importable here
            if isinstance(error, MemoryError):
                raise
            raise Refused("broken_archive", f"the {self._codec} data is damaged; fetch it again") from error
        self._pending = rest
        if self._decoder.eof:
            self._decoder = None
            self._members += 1
        self._n_out += len(out)
        if self._n_out > _JUDGED_FROM and self._n_out > self._max_ratio * (self._n_in - len(self._pending)):
            raise Refused(
                "expansion",
                f"it expands more than {self._max_ratio:g} times when unpacked (setting read.max_expansion):"
                " a decompression bomb, or not worth reading",
            )
        self._output = memoryview(out)
        return True


def open_unpacked(raw: BinaryIO, read: ReadSettings) -> tuple[io.BufferedReader, bool]:
    """Return (buffered stream of the content of `raw`, whether it was compressed).

    Compression is told by the first bytes, not by the name: servers unpack `.gz` files on the way, or pack pages.
    """
    head = raw.read(4)
    raw.seek(0)
    codec = "gzip" if head.startswith(GZIP_MAGIC) else "zstd" if head == ZSTD_MAGIC else None
    if codec is None:
        return (raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, raw))), False
    return io.BufferedReader(Unpacked(raw, codec, read), 1 << 18), True
