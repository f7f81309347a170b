"""What ends a clause or a sentence: the class of every code point, as a table that kernels read.

Quotation marks and book marks (“三个代表”, 《条例》) belong to the words around them and part nothing. Round brackets
hold an aside and part clauses, not sentences. Blanks part nothing: pages put them anywhere.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from dedup.text.characters import BLANK_CHARACTERS, NEWLINES, NUMERALS

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Words and everything that is not listed. The classes up to `CLOSER` belong to a clause.
PLAIN = 0
#: Marks that may open a clause: quotes, book marks, masks.
OPENER = 1
#: Closes what stood before it; behind the end of a sentence it belongs to that sentence.
CLOSER = 2
BLANK = 3
#: Comma, enumeration comma, round brackets: end a clause.
COMMA = 4
COLON = 5
#: Ends a clause and a sentence.
STOP = 6
LINE = 7
#: ASCII signs that end something unless they stand between two letters or digits (`2,500`, `3.5`, `10:30`).
ASCII_COMMA = 8
ASCII_STOP = 9
ASCII_COLON = 10
#: Ends a clause when doubled; a single dash stands in ranges.
DASH = 11

_CLASSES: tuple[tuple[int, str], ...] = (
    (BLANK, BLANK_CHARACTERS),
    (OPENER, "“‘「『《〈〔×╳✕✖*＊□◻▢～〜_＿○◯"),
    (COMMA, "，、（）()﹐､﹑"),
    (COLON, "：﹕"),
    (STOP, "。！？!?…；;｡"),
    (LINE, NEWLINES),
    (ASCII_COMMA, ","),
    (ASCII_STOP, ".．"),
    (ASCII_COLON, ":"),
    (DASH, "—-－―─"),
    (CLOSER, "”’」』】]》〉〗〕"),
)
#: Code points beyond the Basic Multilingual Plane are plain.
TABLE_SIZE = 0x10000


@cache
def border_table() -> NDArray[np.uint8]:
    """Return the class of each code point of the Basic Multilingual Plane, shape (65536,) uint8."""
    table = np.zeros(TABLE_SIZE, dtype=np.uint8)
    for kind, characters in _CLASSES:
        table[[ord(c) for c in characters]] = kind
    return table


#: Kinds of folded code points for which text is cut into tokens.
OTHER = 0
DIGIT = 1
CHINESE_NUMERAL = 2
LETTER = 3


@cache
def token_table() -> NDArray[np.uint8]:
    """Return the kind of each folded code point: decimal digit, Chinese numeral, letter of an alphabet, other.

    Shape (65536,) uint8. Letters of alphabets make words; a Chinese character is a word of its own.
    """
    table = np.zeros(TABLE_SIZE, dtype=np.uint8)
    table[ord("a") : ord("z") + 1] = LETTER
    # Latin, Greek, Cyrillic as far as they are letters or marks after folding.
    for start, end in ((0xDF, 0x250), (0x300, 0x530), (0x1E00, 0x2000)):
        table[start:end] = LETTER
    table[ord("0") : ord("9") + 1] = DIGIT
    table[[ord(c) for c in NUMERALS + "千"]] = CHINESE_NUMERAL
    return table
