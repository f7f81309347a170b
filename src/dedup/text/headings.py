"""Headings that part the reports of one page: `…篇一`, `第三篇：…`, `【篇2】`, `范文三`, `4、…工作报告`.

A line is never believed alone. Candidates are found by an ordinal grammar, grouped by style, and a style is accepted
only as a series: ordinals that rise, titles that resemble each other, text between them. So `（一）` inside a report,
`第一篇章` and the parts of a plan or a law (`第一篇 总则`) do not cut anything.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise

from dedup.text.characters import BLANK_CHARACTERS, BLANKS, CLOSERS, OPENERS, SENTENCE_ENDS
from dedup.text.lines import Line
from dedup.text.ordinals import ORDINAL, parse_ordinal

#: What a document of the kind collected on such pages calls itself.
DOCUMENT_NOUN = "报告|汇报|总结|讲话|发言|演讲|致辞|述职|心得|体会|感悟|计划|方案|材料|范文|范本|例文|观后感|读后感|作文|公报|要点|评议|稿"
#: First words of a report or speech: where a glued heading ends at the latest.
OPENING = (
    r"(?:各位|尊敬的|同志们|现在[，,]|我(?:代表|受|谨)|大家好|主席团|今年(?:以来|是)|[一两]年来|过去的?[一五]年"
    r"|(?:19|20)(?:\d\d|xx|XX)年)"
)

_B = f"[{BLANKS}]*"
_UNIT = "(?:篇|范文|例文|样文|模板|范本|样本)"
# A token that may number a report. `第一篇章` and `一篇`, without 第, are words of running text.
_TOKEN = re.compile(
    rf"第{_B}(?P<ordinal>{ORDINAL}){_B}篇(?!章|幅|文章|论文)"
    rf"|{_UNIT}{_B}(?P<cardinal>{ORDINAL})(?![0-9.％%年月日个])"
)
_DECORATION = re.compile(rf"(?:[#>＞*＊★☆◆◇●■▲►▶]|[{BLANKS}])*")
_OPEN = re.compile(rf"[{re.escape(OPENERS)}]?{_B}$")
_TAIL = re.compile(rf"{_B}(?:范文|例文)?{_B}[{re.escape(CLOSERS)}]?")
_SEPARATOR = re.compile(rf"{_B}[：:、，,.．·—－\-]*{_B}")
_END_MARKS = re.compile(rf"[{BLANKS}*＊#]*$")
_SENTENCE = re.compile(r"[。！？；!?;]")
_NOUN = re.compile(DOCUMENT_NOUN)
_OPENING = re.compile(OPENING)
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
_NOUN_END = re.compile(rf"(?:{DOCUMENT_NOUN})(?:[（(【\[][^）)】\]]{{0,20}}[）)】\]])?$")
_CHAPTER = re.compile(rf"(?:^|\n)[#*{BLANKS}]*第{_B}{ORDINAL}{_B}[章节条]")
_COUNT = re.compile(rf"({ORDINAL}){_B}篇")
_GREETING = re.compile(r"^(?:我(?:代表|受|谨)|现在[，,])|各位(?:代表|委员|领导|同志)|尊敬的|同志们|大家好|现在[，,]我")
_MARKS = BLANK_CHARACTERS + "#*＊>＞★☆◆◇●■▲►▶"
_DIGITS = "0123456789０１２３４５６７８９"
#: A heading line, marks and all, is at most this long; with more it is a paragraph (or is glued to one).
MAX_HEADING = 60
#: Between two real headings there is text; entries of a table of contents follow each other.
MIN_BODY = 40


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


def find_headings(text: str, lines: list[Line], title: str | None = None) -> list[Heading]:
    """Return the headings that part the reports of a page, in order; empty for a page that is one report.

    Parameters
    ----------
    text : the page
    lines : its lines, as `split_lines` gives them
    title : title of the page where it is known; a count in it (`精选9篇`) supports a series
    """
    strong, weak = _strong_candidates(text, lines), _weak_candidates(text, lines)
    expected = expected_count(text, strong[0].start if strong else 0, title)
    groups: dict[str, list[Heading]] = defaultdict(list)
    for candidate in strong + weak:
        groups[candidate.form].append(candidate)
    best: list[Heading] = []
    best_score = 0.0
    for form in sorted(groups):
        series, score = _series(text, groups[form], expected)
        if series and (score, len(series)) > (best_score, len(best)):
            best, best_score = series, score
    if not best:
        return []
    return _fill(text, best, strong)


def expected_count(text: str, lead_end: int, title: str | None) -> int | None:
    """Return how many reports the page announces (`精选9篇`, `（通用十五篇）`), or None."""
    for place in (title or "", text[: min(lead_end, 400)]):
        for match in _COUNT.finditer(place):
            value = parse_ordinal(match[1])
            if value is not None and value >= 2 and not place[: match.start()].endswith("第"):
                return value
    return None


def _strong_candidates(text: str, lines: list[Line]) -> list[Heading]:
    found: list[Heading] = []
    if not lines:
        return found
    starts = [line[0] for line in lines]
    last_end = -1
    for match in _TOKEN.finditer(text):
        if match.start() < last_end:
            continue
        at = bisect_right(starts, match.start()) - 1
        if at < 0 or match.start() - lines[at][0] > MAX_HEADING and lines[at][1] - lines[at][0] <= MAX_HEADING:
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
        if has_title and not separated and match["cardinal"] and not _OPENING.match(plain):
            return None  # `模板一体化施工…`: a word, not a number
        if inline and not separated and not stem:
            return None
        heading_title = _glued_title(plain) if has_title else ""
        end, glued = (rest_start + len(heading_title) if heading_title else number_end), True
        if not heading_title and separator and separator.group().strip(BLANK_CHARACTERS):
            end = rest_start
    whole = text[start:end].strip(_MARKS)
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
    opening = _OPENING.search(rest, 1)
    if opening and opening.start() <= 45 and not _SENTENCE.search(rest[: opening.start()]):
        return rest[: opening.start()].rstrip(BLANK_CHARACTERS)
    noun = _NOUN.search(rest)
    if noun and noun.end() <= 30 and not _SENTENCE.search(rest[: noun.end()]):
        return rest[: noun.end()]
    return ""


def _weak_candidates(text: str, lines: list[Line]) -> list[Heading]:
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
            form += "-bracket" if match["open"] else "-digit" if numeral[0] in _DIGITS else "-han"
        found.append(Heading(start, stop, text[start:stop].strip(_MARKS), ordinal, form, title, glued))
    return found


def _series(text: str, candidates: list[Heading], expected: int | None) -> tuple[list[Heading], float]:
    """Return the headings of one style that form a series, and how sure that is; an empty list when it is none."""
    candidates = _without_contents(text, candidates)
    on_lines = [c for c in candidates if not c.inline]
    if len(on_lines) >= 2 or not any(c.inline for c in candidates):
        candidates = on_lines
    if not candidates:
        return [], 0.0
    stems = Counter(c.stem for c in candidates)
    stem, repeats = stems.most_common(1)[0]
    same = [c for c in candidates if _alike(c.stem, stem)]
    if candidates[0].form == "suffix" and repeats >= 2 and len(same) >= 2:
        # One stem numbered again and again: whatever the order, these are the headings.
        return _rising_or_all(same), 10.0 + len(same)
    series = _runs(candidates) or _rising(candidates)
    score = _score(text, series, expected)
    form = series[0].form
    needed = 2.0 if form in ("ordinal", "unit", "suffix") else 4.0
    if len(series) == 1:
        needed += 1.0
    return (series, score) if score >= needed else ([], 0.0)


def _score(text: str, series: list[Heading], expected: int | None) -> float:
    """Add up what speaks for a series of headings that part reports, and what speaks against it."""
    n = len(series)
    ends = [s.start for s in series[1:]] + [len(text)]
    bodies = [text[s.end : e] for s, e in zip(series, ends, strict=True)]
    heads = [body[:200] for body in bodies]
    stems = [s.stem for s in series]
    score = 0.0
    named = sum(bool(_NOUN.search(stem)) for stem in stems) / n
    score += 2.0 * named
    if n >= 2:
        alike = sum(_alike(a, b) for a, b in pairwise(stems)) / (n - 1)
        score += 1.5 * alike if all(stems) else 1.0
        consecutive = sum(b.ordinal - a.ordinal == 1 for a, b in pairwise(series)) / (n - 1)
        score += consecutive - 0.5
    opened = sum(bool(_OPENING.search(head)) for head in heads) / n
    score += 1.5 * opened
    if expected is not None:
        score += 1.5 if abs(expected - max(s.ordinal for s in series)) <= 1 else -0.5
    if series[0].ordinal == 1:
        score += 0.5
    if any("：" in s.title or ":" in s.title for s in series) and series[0].form == "ordinal":
        score += 0.5
    short = sum(len(body) < 200 for body in bodies) / n
    score -= 2.0 * short
    # Parts of a plan or a law: chapters or articles under most of them, and no document is named.
    chapters = sum(bool(_CHAPTER.search(body)) for body in bodies) / n
    score -= 3.0 * chapters * (1.0 - 0.5 * named)
    if series[0].form.startswith(("numbered", "title")) and n < 2:
        score -= 5.0
    if series[0].form.startswith(("numbered", "title")) and opened < 0.3 and expected is None:
        # Items of an agenda carry such titles too.
        score -= 1.5
    if series[0].form == "numbered-han":
        # 一、…总结 二、…计划 are the parts of one report, unless each of them greets its hearers.
        score += -2.5 + 2.0 * (opened >= 0.6)
    return score


def _without_contents(text: str, candidates: list[Heading]) -> list[Heading]:
    """Drop tables of contents: candidates that follow each other without text and come again with text."""
    if len(candidates) < 2:
        return candidates
    ends = [c.start for c in candidates[1:]] + [len(text)]
    bare = [
        not c.glued and len(text[c.end : min(e, c.end + 4 * MIN_BODY)].strip(BLANK_CHARACTERS + "\n\r")) < MIN_BODY
        for c, e in zip(candidates, ends, strict=True)
    ]
    later: set[tuple[int, str]] = set()
    kept: list[Heading] = []
    for candidate, empty in zip(reversed(candidates), reversed(bare), strict=True):
        key = (candidate.ordinal, candidate.form)
        if key in later and (empty or (kept and kept[-1].ordinal < candidate.ordinal and bare[0])):
            continue
        later.add(key)
        kept.append(candidate)
    return kept[::-1]


def _alike(a: str, b: str) -> bool:
    """Whether two titles resemble each other: equal, one inside the other, or half of the character pairs shared."""
    if a == b or (a and a in b) or (b and b in a):
        return True
    pairs_a, pairs_b = set(pairwise(a)), set(pairwise(b))
    return bool(pairs_a and pairs_b) and 2 * len(pairs_a & pairs_b) >= min(len(pairs_a), len(pairs_b))


def _rising_or_all(series: list[Heading]) -> list[Heading]:
    """Return the series; one that repeats an ordinal within a hand's breadth keeps the later line."""
    kept: list[Heading] = []
    for heading in series:
        if kept and kept[-1].ordinal == heading.ordinal and heading.start - kept[-1].end < MIN_BODY:
            kept.pop()
        kept.append(heading)
    return kept


def _runs(candidates: list[Heading]) -> list[Heading]:
    """Return all candidates when they count 1, 2, … again and again, as pages put together from pages do."""
    starts = [i for i, c in enumerate(candidates) if i == 0 or c.ordinal <= candidates[i - 1].ordinal]
    lengths = [b - a for a, b in pairwise([*starts, len(candidates)])]
    whole = len(starts) >= 2 and min(lengths) >= 2 and all(candidates[i].ordinal == 1 for i in starts)
    return list(candidates) if whole else []


def _rising(candidates: list[Heading]) -> list[Heading]:
    """Return the longest run of candidates with strictly rising ordinals, the latest start of equals preferred."""
    tails: list[int] = []
    ordinals: list[int] = []
    previous: list[int] = []
    for i, candidate in enumerate(candidates):
        place = bisect_right(ordinals, candidate.ordinal - 1)
        previous.append(tails[place - 1] if place else -1)
        if place == len(tails):
            tails.append(i)
            ordinals.append(candidate.ordinal)
        else:
            tails[place] = i
            ordinals[place] = candidate.ordinal
    chain: list[Heading] = []
    i = tails[-1] if tails else -1
    while i >= 0:
        chain.append(candidates[i])
        i = previous[i]
    return chain[::-1]


def _fill(text: str, series: list[Heading], strong: list[Heading]) -> list[Heading]:
    """Add headings of another style, glued or inside a line that stand where the series misses an ordinal."""
    taken = {h.start for h in series}
    shared = Counter(h.stem for h in series).most_common(1)[0][0]
    out = [series[0]]
    for heading in series[1:]:
        low = out[-1]
        if heading.ordinal - low.ordinal > 1:
            between = [
                c
                for c in strong
                if low.end <= c.start < heading.start
                and c.start not in taken
                and low.ordinal < c.ordinal < heading.ordinal
                and (not c.inline or _alike(c.stem, shared))
            ]
            out.extend(_rising(between))
        out.append(heading)
    return [_trim(text, h, shared) for h in out]


def _trim(text: str, heading: Heading, shared: str) -> Heading:
    """End a glued heading after the title that its siblings share."""
    if heading.glued and shared and heading.form != "suffix" and not heading.stem.startswith(shared):
        at = text.find(shared, heading.start, heading.start + MAX_HEADING)
        if at >= 0:
            end = at + len(shared)
            whole = text[heading.start : end].strip(_MARKS)
            return replace(heading, end=end, title=whole, stem=shared)
    if heading.glued and shared and heading.stem != shared and heading.stem.startswith(shared):
        end = heading.end - (len(heading.stem) - len(shared))
        whole = text[heading.start : end].strip(_MARKS)
        return replace(heading, end=end, title=whole, stem=shared)
    return heading
