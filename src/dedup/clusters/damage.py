"""Damage to letters and lines that can be recognised from the text: lost bytes, masks of words, broken lines.

Damage is always told by comparing with another copy's reading of the same place; nothing is guessed from one text.
Years, numbers and units are never a matter of repair, in whatever way they are damaged.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Literal

from dedup.text.characters import BLANKS, DIGITS, HAN, LATIN, NEWLINES, SENTENCE_ENDS
from dedup.text.marks import read_mark

DamageKind = Literal["lost_bytes", "mask", "broken_line"]

#: Stretches longer than this are no damaged letters.
LETTERS = 24
#: Lines up to this long may be headings: their end is not a broken line.
HEADING_CHARS = 40
NEWLINE = re.compile(f"[{NEWLINES}]")
_NUMERALS = "〇零○一二三四五六七八九十百千万亿两廿卅"
#: What makes a stretch a figure, a year or a unit: such a stretch is neither repaired nor a donor.
_FIGURE = re.compile(rf"[{DIGITS}{_NUMERALS}壹贰叁肆伍陆柒捌玖拾佰仟萬億半倍①-⑳⑴-⒇㈠-㈩Ⅰ-Ⅻⅰ-ⅻ%％‰℃°年月日元]")
#: Before or behind these a stretch may be part of a figure, or its unit.
_NUMBER_BEFORE = re.compile(rf"(?:[{DIGITS}{_NUMERALS}几第%％‰xXｘＸ×～〜*＊□]|[{DIGITS}{_NUMERALS}][.．,，点余多来])$")
_NUMBER_AFTER = re.compile(rf"[{DIGITS}{_NUMERALS}年月日%％‰xXｘＸ×～〜*＊□]|[.．][{DIGITS}]")
_NUMERAL_BEFORE = re.compile(rf"[{DIGITS}{_NUMERALS}]$")
_DIGIT_BEFORE = re.compile(rf"(?:[{DIGITS}{_NUMERALS}几]|[{DIGITS}{_NUMERALS}][余多来])$")
_MASK = re.compile(
    r"[xXｘＸ]{2,}|[×╳\u2715\u2716]+|[～〜]+|[*＊]{2,}|[□◻▢]+|[_＿]{2,}"
    rf"|“[{BLANKS}]*”|‘[{BLANKS}]*’|「[{BLANKS}]*」|《[{BLANKS}]*》"
)
_MASKED = re.compile(r"[xXｘＸ]{2,}|[×╳\u2715\u2716～〜*＊□◻▢_＿]|“”|‘’|「」|《》")
#: What a decoder leaves where bytes are missing: U+FFFD, the same written in GBK once more, private characters.
_REPLACED = re.compile("[\ufffd\ue000-\uf8ff]|锟斤拷?")
_LETTER = re.compile(rf"[{HAN}{LATIN}]")
_WORDS = re.compile(rf"[{HAN}{LATIN}](?:[{HAN}{LATIN} ·、]*[{HAN}{LATIN}])?")
_LINE_END = re.compile(rf"[{NEWLINES}{BLANKS}]*[{NEWLINES}][{NEWLINES}{BLANKS}]*")
_BLANK = re.compile(rf"[{BLANKS}]*")
_ENDED = re.compile(rf"[{SENTENCE_ENDS}；;：:.”’」』）)》]$")
_CLAUSE = re.compile("[，。；,;！？]")


@lru_cache(maxsize=4096)
def lost_pairs(damaged: str, whole: str) -> bool:
    """Whether `damaged` is what GBK text reads as when pairs of bytes A1 A1 were dropped from `whole`.

    Two bytes make a character; punctuation begins with A1, so that the loss of A1 A1 joins the first half of a
    letter with the second half of the sign behind it: 场、 is B3A1 A1A2, and B3A2 is 尝.

    Parameters
    ----------
    damaged, whole : the two readings of one place
    """
    lost = len(whole) - len(damaged)
    if not damaged or not 0 < lost <= 3 or len(whole) > LETTERS or "\u3000" in whole:
        return False
    try:
        before, after = whole.encode("gbk"), damaged.encode("gbk")
    except UnicodeEncodeError:
        return False
    if len(before) - len(after) != 2 * lost:
        return False
    # Only pairs that straddle two characters: a whole A1 A1 would be an ideographic space.
    starts: set[int] = set()
    at = 0
    for character in whole:
        starts.add(at)
        at += len(character.encode("gbk"))
    places = [i for i in range(len(before) - 1) if before[i : i + 2] == b"\xa1\xa1" and i not in starts]
    for chosen in combinations(places, lost):
        if any(y - x < 2 for x, y in pairwise(chosen)):
            continue
        rest = bytearray(before)
        for i in reversed(chosen):
            del rest[i : i + 2]
        if bytes(rest) == after:
            return True
    return False


def has_lost_bytes(text: str) -> bool:
    """Whether a decoder left signs of missing bytes in the text."""
    return _REPLACED.search(text) is not None


def is_masked(text: str) -> bool:
    """Whether a stretch holds a placeholder."""
    return _MASKED.search(text) is not None


def is_wording(text: str) -> bool:
    """Whether a stretch is made of letters alone, or empty."""
    return not text or _WORDS.fullmatch(text) is not None


def touches_figure(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] is, holds or adjoins a number, a year or a unit."""
    if _FIGURE.search(text, start, end):
        return True
    return bool(_NUMBER_BEFORE.search(text[max(0, start - 2) : start]) or _NUMBER_AFTER.match(text, end))


def parts_figure(text: str, start: int, end: int) -> bool:
    """Whether a number ends at start, or a number, a year or a unit of time begins at end."""
    return bool(_NUMERAL_BEFORE.search(text[max(0, start - 1) : start]) or _NUMBER_AFTER.match(text, end))


def follows_number(text: str, start: int) -> bool:
    """Whether a number stands directly before: what follows may be its unit."""
    return _DIGIT_BEFORE.search(text[max(0, start - 2) : start]) is not None


def is_figure(text: str) -> bool:
    """Whether a stretch holds digits, numerals, a year or a unit."""
    return _FIGURE.search(text) is not None


def damage_of_letters(damaged: str, whole: str) -> tuple[DamageKind, str] | None:
    """Say how `damaged` comes from `whole`, with the reason in words; None when it does not.

    Parameters
    ----------
    damaged, whole : what two copies have in one place
    """
    if not damaged or not whole or max(len(damaged), len(whole)) > LETTERS or _REPLACED.search(whole):
        return None
    if lost_pairs(damaged, whole):
        return "lost_bytes", f"{whole} lost two bytes A1 A1 of its GBK code and became {damaged}"
    if is_masked(whole):
        return None
    if _REPLACED.search(damaged):
        return "lost_bytes", f"bytes were lost here; the copy has {whole}"
    if _MASK.fullmatch(damaged) and _WORDS.fullmatch(whole.strip("“”‘’「」《》")):
        return "mask", f"a mask stands for the word {whole}"
    return None


def is_broken_line(text: str, start: int, end: int, whole: str) -> bool:
    """Whether text[start:end] is a line end inside a sentence that another copy writes as `whole`.

    The end of a short line without a clause may be the end of a heading which the other copy glued to its
    paragraph; the end of a line before a mark (`一、`) parts list items. Neither is damage.
    """
    if not _LINE_END.fullmatch(text, start, end) or not _BLANK.fullmatch(whole):
        return False
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if not before or not after or _ENDED.search(text[max(0, start - 3) : start]):
        return False
    if not (_LETTER.fullmatch(after) and (_LETTER.fullmatch(before) or before in "，、,")):
        return False
    if whole and not (re.fullmatch(f"[{LATIN}]", before) and re.fullmatch(f"[{LATIN}]", after)):
        return False
    first = max(text.rfind(sign, 0, start) for sign in NEWLINES) + 1
    last = min((i for sign in NEWLINES if (i := text.find(sign, end)) >= 0), default=len(text))
    if read_mark(text, end, last) is not None:
        return False
    return start - first > HEADING_CHARS or _CLAUSE.search(text, first, start) is not None
