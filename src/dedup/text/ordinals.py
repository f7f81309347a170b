"""Ordinals as headings write them: Arabic, full-width and Chinese numerals."""

from __future__ import annotations

import re
from functools import lru_cache

_WIDE_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_DIGIT = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}

#: A numeral up to 99 in proper Chinese grammar, or up to three digits. `二一` is two numerals, so that
#: `篇二一年来…` (a heading glued to its paragraph) reads as 篇二.
CHINESE_ORDINAL = "(?:[二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])"
ORDINAL = rf"(?:{CHINESE_ORDINAL}|[0-9０-９]{{1,3}}(?![0-9０-９]))"

_CHINESE = re.compile(r"(?:([一二三四五六七八九两])?十)?([一二三四五六七八九零〇两])?")


@lru_cache(maxsize=4096)
def parse_ordinal(numeral: str) -> int | None:
    """Return the value of an ordinal up to 999, or None when it is none (`20xx`, `百`)."""
    plain = numeral.strip().translate(_WIDE_DIGITS)
    if plain and all(c in "0123456789" for c in plain):
        return int(plain) if len(plain) <= 3 else None
    match = _CHINESE.fullmatch(plain)
    if not plain or match is None:
        return None
    tens, ones = match.groups()
    value = _DIGIT[ones] if ones else 0
    if "十" in plain:
        value += 10 * (_DIGIT[tens] if tens else 1)
    return value
