"""Code points out of UTF-8 bytes (RFC 3629), for kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(nogil=True, cache=True, inline="always")
def decode(data: NDArray[np.uint8], i: int) -> tuple[np.uint32, int]:
    """Return the code point that starts at byte i of valid UTF-8, and where the next one starts."""
    byte = data[i]
    if byte < 0x80:
        return np.uint32(byte), i + 1
    if byte < 0xE0:
        return (np.uint32(byte & 0x1F) << 6) | np.uint32(data[i + 1] & 0x3F), i + 2
    if byte < 0xF0:
        return (
            (np.uint32(byte & 0x0F) << 12) | (np.uint32(data[i + 1] & 0x3F) << 6) | np.uint32(data[i + 2] & 0x3F),
            i + 3,
        )
    return (
        (np.uint32(byte & 0x07) << 18)
        | (np.uint32(data[i + 1] & 0x3F) << 12)
        | (np.uint32(data[i + 2] & 0x3F) << 6)
        | np.uint32(data[i + 3] & 0x3F),
        i + 4,
    )
