"""Candidates for report headings: lines, and heads of lines, that an ordinal grammar can read as one."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from dedup.text.characters import BLANK_CHARACTERS, BLANKS, CLOSERS, OPENERS, SENTENCE_ENDS
from dedup.text.lines import Line
from dedup.text.ordinals import CHINESE_ORDINAL, ORDINAL, parse_ordinal

#: What a document of the kind collected on such pages calls itself.
DOCUMENT_NOUN = (
    "报告|汇报|总结|讲话|发言|演讲|致辞|述职|心得|体会|感悟|计划|方案|材料|范文|范本|例文"
    "|观后感|读后感|作文|公报|要点|评议|稿"
)
#: First words of a report or speech: where a glued heading ends at the latest.
OPENING = (
    r"(?:各位|尊敬的|同志们|现在[，,]|我(?:代表|受|谨)|大家好|主席团|今年(?:以来|是)|[一两]年来|过去的?[一五]年"
    r"|(?:19|20)(?:[0-9]{2}|xx|XX)年)"
)

_B = f"[{BLANKS}]*"
# A token that may number a report. `第一篇章` and `一篇`, without 第, are words of running text.
_TOKEN_WORDS = ("篇", "范文", "例文", "样文", "模板", "范本", "样本")
_UNIT = f"(?:{'|'.join(_TOKEN_WORDS)})"
_TOKEN = re.compile(
    rf"第{_B}(?P<ordinal>{ORDINAL}){_B}篇(?!章|幅|文章|论文)"
    rf"|{_UNIT}{_B}[（(\[【]?{_B}(?P<cardinal>{CHINESE_ORDINAL}(?![年月日个])|[0-9０-９]{{1,3}}(?![0-9０-９.．％%年月日个]))"
)
_DECORATION = re.compile(rf"(?:[#>＞*＊★☆◆◇●■▲►▶]|[{BLANKS}])*")
_OPEN = re.compile(rf"[{re.escape(OPENERS)}]?{_B}$")
_TAIL = re.compile(rf"{_B}(?:范文|例文)?{_B}[{re.escape(CLOSERS)}]?")
_SEPARATOR = re.compile(rf"{_B}[：:、，,.．·—－\-]*{_B}")
_END_MARKS = re.compile(rf"[{BLANKS}*＊#]*$")
_SENTENCE = re.compile(r"[。！？；!?;]")
NOUN = re.compile(DOCUMENT_NOUN)
OPENS = re.compile(OPENING)
_WEAK = re.compile(
    rf"(?:[#>*＊★☆◆●■▲]|[{BLANKS}])*"
    rf"(?:(?P<open>[【\[（(])?{_B}(?P<n>{ORDINAL}){_B}(?(open)[】\]）)]|[、.．:：]){_B}(?P<title>[^。！？；\n]{{2,40}}))"
    rf"[{BLANKS}*＊#]*"
)
_WEAK_SUFFIX = re.compile(
    rf"(?:[#>*＊★☆◆●■▲]|[{BLANKS}])*(?P<title>[^。！？；，、\n]{{2,40}}?(?:报告|讲话|发言|总结|汇报|体会|稿))"
    rf"{_B}[（(\[【]?{_B}(?P<n>{ORDINAL}){_B}[】\]）)]?[：:]?[{BLANKS}*＊#]*"
)
# The same, glued to a paragraph whose first words are those of a report.
_WEAK_GLUED = re.compile(
    rf"(?:[#>*★☆◆●■▲]|[{BLANKS}])*(?:(?P<open>[【\[（(])?{_B}(?P<n>{ORDINAL}){_B}(?(open)[】\]）)]|[、.．:：]){_B}"
    rf"(?P<title>[^。！？；，\n]{{2,36}}?(?:报告|讲话|发言|总结|汇报|体会|稿))(?={_B}{OPENING})"
    rf"|(?P<title2>[^。！？；，、\n]{{2,36}}?(?:报告|讲话|发言|总结|汇报|体会|稿)){_B}(?P<open2>[（(\[【])?{_B}(?P<n2>{ORDINAL})"
    rf"{_B}(?(open2)[】\]）)])[：:]?(?={_B}{OPENING}))"
)
_TITLE_END = re.compile(rf"(?:{DOCUMENT_NOUN})(?:[（(][^（）()。]{{1,12}}[）)])?")
_NOUN_END = re.compile(rf"(?:{DOCUMENT_NOUN})(?:[（(【\[][^）)】\]]{{0,20}}[）)】\]])?$")
_GREETING = re.compile(r"^(?:我(?:代表|受|谨)|现在[，,])|各位(?:代表|委员|领导|同志)|尊敬的|同志们|大家好|现在[，,]我")
MARKS = BLANK_CHARACTERS + "#*＊>＞★☆◆◇●■▲►▶"
_NUMBER_DIGITS = "0123456789０１２３４５６７８９"
#: A heading line, marks and all, is at most this long; with more it is a paragraph (or is glued to one).
MAX_HEADING = 60


@dataclass(frozen=True, slots=True)
class Heading:
    """A line, or the head of a line, that starts a report.

    Attributes
    ----------
    start, end : span of the heading in the page, marks included, the paragraph glued to it excluded
    title : the heading without marks
    ordinal : its number, 0 for a seam without heading
    form : style, see `_FORMS`
    stem : title without the number: what the headings of a series share
    glued : a paragraph follows on the same line
    inline : it stands inside a line
    """

    start: int
    end: int
    title: str
    ordinal: int
    form: str
    stem: str
    glued: bool = False
    inline: bool = False


def strong_candidates(text: str, lines: list[Line]) -> list[Heading]:
    """Return the headings that number themselves as pieces (`…篇一`, `第三篇：…`, `范文2`), in order."""
    found: list[Heading] = []
    if not lines or not any(word in text for word in _TOKEN_WORDS):
        return found
    starts = [line[0] for line in lines]
    last_end = -1
    for match in _TOKEN.finditer(text):
        if match.start() < last_end:
            continue
        at = bisect_right(starts, match.start()) - 1
        if at < 0 or (match.start() - lines[at][0] > MAX_HEADING and lines[at][1] - lines[at][0] <= MAX_HEADING):
            continue
        candidate = _read(text, lines[at], match)
        if candidate is not None:
            found.append(candidate)
            last_end = candidate.end
    return found


def _read(text: str, line: Line, match: re.Match[str]) -> Heading | None:
    """Read the heading around an ordinal token, or None when the token stands in running text."""
    start, inline = _heading_start(text, line, match.start())
    if start < 0:
        return None
    numeral = match["ordinal"] or match["cardinal"]
    ordinal = parse_ordinal(numeral)
    if ordinal is None:
        return None
    head = text[start : match.start()]
    decoration = _DECORATION.match(head)
    before = head[decoration.end() if decoration else 0 :]
    stem = _OPEN.sub("", before).strip(BLANK_CHARACTERS)
    tail = _TAIL.match(text, match.end(), line[1])
    number_end = tail.end() if tail else match.end()
    if stem and tail and tail.group().strip(BLANK_CHARACTERS) in CLOSERS[:4] and not _OPEN.search(before).group():  # type: ignore[union-attr]
        number_end = match.end()
    separator = _SEPARATOR.match(text, number_end, line[1])
    rest_start = separator.end() if separator else number_end
    rest = text[rest_start : min(line[1], rest_start + 2 * MAX_HEADING)]
    marks = _END_MARKS.search(rest)
    plain = rest[: marks.start()] if marks and rest_start + len(rest) == line[1] else rest
    separated = bool(separator and separator.group().strip(BLANK_CHARACTERS)) or bool(
        tail and tail.group().strip(BLANK_CHARACTERS)
    )
    if stem:
        form, has_title = "suffix", False
    else:
        form, has_title = ("ordinal" if match["ordinal"] else "unit"), True
    short = rest_start + len(rest) == line[1] and len(plain) <= 45 and not _SENTENCE.search(plain)
    if not plain:
        end, glued, heading_title = line[1], False, ""
    elif short and (has_title or separated) and not _GREETING.search(plain):
        end, glued, heading_title = line[1], False, plain
    else:
        if has_title and not separated and match["cardinal"] and not OPENS.match(plain):
            return None  # `模板一体化施工…`: a word, not a number
        if inline and not separated and not stem:
            return None
        heading_title = _glued_title(plain) if has_title else ""
        end, glued = (rest_start + len(heading_title) if heading_title else number_end), True
        if not heading_title and separator and separator.group().strip(BLANK_CHARACTERS):
            end = rest_start
    whole = text[start:end].strip(MARKS)
    return Heading(start, end, whole, ordinal, form, stem or heading_title, glued, inline)


def _heading_start(text: str, line: Line, token: int) -> tuple[int, bool]:
    """Return where the heading of a token starts, and whether inside its line; -1 when it cannot be a heading."""
    window_start = max(line[0], token - MAX_HEADING)
    window = text[window_start:token]
    cut = max(window.rfind(mark) for mark in SENTENCE_ENDS + "；;")
    if cut < 0:
        return (line[0], False) if window_start == line[0] else (-1, False)
    start = window_start + cut + 1
    while start < token and text[start] in BLANK_CHARACTERS + "”’」』）)":
        start += 1
    return start, True


def _glued_title(rest: str) -> str:
    """Return the title at the head of a line that runs on into the first paragraph, '' when its end is not plain."""
    noun = _TITLE_END.search(rest)
    for end in (_start(_GREETING, rest), noun.end() if noun else -1, _start(OPENS, rest)):
        if 0 < end <= 45 and not _SENTENCE.search(rest[:end]):
            return rest[:end].rstrip(BLANK_CHARACTERS)
    return ""


def _start(pattern: re.Pattern[str], rest: str) -> int:
    match = pattern.search(rest, 1)
    return match.start() if match else -1


def weak_candidates(text: str, lines: list[Line]) -> list[Heading]:
    """Return the lines that a plain number and the name of a document make look like headings, in order."""
    found: list[Heading] = []
    for start, end in lines:
        if end - start < 4:
            continue
        match = _WEAK_GLUED.match(text, start, end)
        if match is not None:
            numeral, title = match["n"] or match["n2"], match["title"] or match["title2"]
            form, stop, glued = ("numbered" if match["n"] else "title-number"), match.end(), True
        elif end - start <= MAX_HEADING:
            form = "numbered"
            match = _WEAK.fullmatch(text, start, end)
            if match is None:
                form = "title-number"
                match = _WEAK_SUFFIX.fullmatch(text, start, end)
            if match is None:
                continue
            numeral, title, stop, glued = match["n"], match["title"], end, False
        else:
            continue
        title = title.strip(BLANK_CHARACTERS + "*＊#")
        ordinal = parse_ordinal(numeral)
        if ordinal is None or not _NOUN_END.search(title):
            continue
        if form == "numbered":
            form += "-bracket" if match["open"] else "-digit" if numeral[0] in _NUMBER_DIGITS else "-han"
        found.append(Heading(start, stop, text[start:stop].strip(MARKS), ordinal, form, title, glued))
    return found
