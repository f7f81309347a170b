"""Years and small numbers as reports print them: 2019, 二〇一九, 六十周年."""

from __future__ import annotations

from dedup.text.ordinals import parse_ordinal

EARLIEST, LATEST = 1949, 2100

_DIGITS = str.maketrans("〇○零ＯO０１２３４５６７８９一二三四五六七八九", "00000012345678912345678" + "9")
#: Four digits of a year: Arabic, full-width or Chinese.
YEAR_DIGITS = (
    r"(?<![0-9０-９.．])(?:(?:19|20|１９|２０)[0-9０-９]{2}|(?:一九|二[〇○零ＯO])[〇○零ＯO一二三四五六七八九]{2})"
)


def read_year(digits: str) -> int | None:
    """Return the year that four digits name, or None when it is none of 1949 to 2100."""
    plain = digits.translate(_DIGITS)
    if len(plain) != 4 or not (plain.isascii() and plain.isdigit()):
        return None
    year = int(plain)
    return year if EARLIEST <= year <= LATEST else None


def read_count(numeral: str) -> int | None:
    """Return a small number: 60, 六十, 一百."""
    if numeral in ("一百", "100"):
        return 100
    return parse_ordinal(numeral)
