"""Captions of tables: title and unit lines right above them in the text."""

from __future__ import annotations

import re

from dedup.text.characters import BLANK_CHARACTERS, NEWLINES

#: A caption line is no longer than this.
MAX_CAPTION_CHARS = 60

_TITLE = re.compile(
    r"(?:附?表|附件|table|tab\.)\s*[\d一二三四五六七八九十]+|.{2,50}(?:一览表|统计表|情况表|明细表|对照表|数据表|汇总表|完成情况表?|主要指标|指标表)"
    r"\s*(?:[(（].{1,20}[)）])?$",
    re.I,
)
_UNIT_LINE = re.compile(r"[(（\[【]?\s*(?:计量)?单位\s*[：:].{1,24}|[(（\[【]?\s*units?\s*[：:].{1,24}", re.I)
_SENTENCE = re.compile(r"[。；！？!?]")


def caption_above(text: str, start: int) -> str:
    """Return the title and unit lines that stand right above a table, joined by a blank; empty where there are none.

    Parameters
    ----------
    text : text of the document
    start : first character of the table

    Notes
    -----
    Only lines that say that they belong to a table are taken: a numbered title (`表3 …`), one that ends as titles of
    tables do (`主要指标完成情况`), a unit line (`单位：万元`). At most three lines are looked at, empty ones skipped.
    """
    lines: list[str] = []
    end = start
    for _ in range(5):
        while end > 0 and text[end - 1] in NEWLINES + BLANK_CHARACTERS:
            end -= 1
        first = end
        while first > 0 and text[first - 1] not in NEWLINES and end - first <= MAX_CAPTION_CHARS:
            first -= 1
        line = text[first:end].strip(BLANK_CHARACTERS)
        if not line or len(line) > MAX_CAPTION_CHARS or _SENTENCE.search(line) or len(lines) == 3:
            break
        is_title = _TITLE.match(line) is not None
        if not is_title and not _UNIT_LINE.match(line):
            break
        lines.append(line)
        if is_title:
            break
        end = first
    return " ".join(reversed(lines))
