"""Character classes that the text stage reads by: explicit ranges, so that no Python version changes them.

Each constant is meant to stand inside the square brackets of a regular expression, or to be given to `str.strip`.
"""

from __future__ import annotations

#: Blanks inside a line: ASCII, Latin and typographic spaces, the ideographic space, zero-width space and BOM.
BLANKS = " \t\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff\u001c-\u001f"
#: The same blanks spelled out, for `str.strip`, which knows no ranges.
BLANK_CHARACTERS = (
    " \t\u00a0\u1680\u202f\u205f\u3000\ufeff"
    + "".join(map(chr, range(0x2000, 0x200C)))
    + "".join(map(chr, range(0x1C, 0x20)))
)
#: What ends a line.
NEWLINES = "\n\r\u000b\u000c\u0085\u2028\u2029"
#: Chinese characters (unified, extensions, compatibility) with 〇 and 々.
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
#: Letters of alphabetic scripts that separate words by blanks (Latin, Greek, Cyrillic).
LATIN = "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u052f\u1e00-\u1fff"
#: Small letters among them, as far as their case is plain from the range.
SMALL = "a-z\u00df-\u00f6\u00f8-\u00ff\u03b1-\u03c9\u0430-\u045f"
#: Digits, half and full width.
DIGITS = "0-9\uff10-\uff19"
#: Chinese numerals.
NUMERALS = "一二三四五六七八九十百零〇两"
#: Ends of a sentence in Chinese; the ASCII full stop is judged where Latin words stand before it.
SENTENCE_ENDS = "。！？!?…"
#: Closing marks that may follow the end of a sentence.
CLOSERS = "”’」』）)】]》〉〗〕"
#: Opening marks, in the order of their partners in `CLOSERS`.
OPENERS = "“‘「『（(【[《〈〖〔"
