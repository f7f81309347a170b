"""Write the frozen code-point tables that `normalise` reads: `python -m dedup.text.freeze`.

Run once, with the Python whose Unicode version is to be frozen (3.13: Unicode 15.1); the result is part of the
repository, so that ids and fingerprints are the same under every Python. A new table is a new normaliser version.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import numpy as np

TABLE = Path(__file__).with_name("codepoints.npz")
N_CODE_POINTS = sys.maxunicode + 1


def fold_code_point(cp: int) -> str:
    """NFKC, case folding, NFKC again; then only letters, marks and numbers are kept."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", chr(cp)).casefold())
    return "".join(c for c in folded if unicodedata.category(c)[0] in "LMN")


def compose_code_point(cp: int) -> str:
    """NFKC without white space: what two texts must share to be exact copies."""
    return "".join(c for c in unicodedata.normalize("NFKC", chr(cp)) if not c.isspace() and c != "\ufeff")


def build(function: object) -> tuple[np.ndarray, np.ndarray]:
    """Return (index, expansions) of a code-point function.

    index : (0x110000,) int32; > 0 a single code point, 0 nothing, < 0 minus the offset of an expansion
    expansions : uint32; at each offset a count, followed by that many code points
    """
    assert callable(function)
    index = np.zeros(N_CODE_POINTS, dtype=np.int32)
    expansions: list[int] = [0]
    for cp in range(N_CODE_POINTS):
        if 0xD800 <= cp <= 0xDFFF:
            continue
        out = function(cp)
        if len(out) == 1:
            index[cp] = ord(out)
        elif out:
            index[cp] = -len(expansions)
            expansions += [len(out), *map(ord, out)]
    return index, np.array(expansions, dtype=np.uint32)


def main() -> None:
    """Write the table file."""
    fold_index, fold_expansions = build(fold_code_point)
    nfkc_index, nfkc_expansions = build(compose_code_point)
    np.savez_compressed(
        TABLE,
        # Differences to the code point itself compress a hundred times better than the values.
        fold_index=np.where(fold_index > 0, fold_index - np.arange(N_CODE_POINTS), fold_index).astype(np.int32),
        fold_kept=np.packbits(fold_index > 0),
        fold_expansions=fold_expansions,
        nfkc_index=np.where(nfkc_index > 0, nfkc_index - np.arange(N_CODE_POINTS), nfkc_index).astype(np.int32),
        nfkc_kept=np.packbits(nfkc_index > 0),
        nfkc_expansions=nfkc_expansions,
        unicode_version=np.array(unicodedata.unidata_version),
    )


if __name__ == "__main__":
    main()
