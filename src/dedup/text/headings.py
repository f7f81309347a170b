"""Headings that part the reports of one page: `…篇一`, `第三篇：…`, `【篇2】`, `范文三`, `4、…工作报告`.

A line is never believed alone. Candidates are found by an ordinal grammar, grouped by style, and a style is accepted
only as a series: ordinals that rise, titles that resemble each other, text between them. So `（一）` inside a report,
`第一篇章` and the parts of a plan or a law (`第一篇 总则`) do not cut anything.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise

from dedup.text.candidates import MARKS, MAX_HEADING, NOUN, OPENS, Heading, strong_candidates, weak_candidates
from dedup.text.characters import BLANK_CHARACTERS, BLANKS, NEWLINES
from dedup.text.lines import Line
from dedup.text.ordinals import ORDINAL, parse_ordinal

_B = f"[{BLANKS}]*"
_CHAPTER = re.compile(rf"(?:^|\n)[#*{BLANKS}]*第{_B}{ORDINAL}{_B}[章节条]")
_COUNT = re.compile(rf"({ORDINAL}){_B}篇")
#: Between two real headings there is text; entries of a table of contents follow each other.
MIN_BODY = 40
#: A heading found in running text has at least so much text behind it.
HIDDEN_BODY = 200
#: A shared title must be this long to be looked for in running text.
MIN_TITLE = 5
#: Ordinals of headings stay below this.
MOST = 100


def find_headings(text: str, lines: list[Line], title: str | None = None) -> list[Heading]:
    """Return the headings that part the reports of a page, in order; empty for a page that is one report.

    Parameters
    ----------
    text : the page
    lines : its lines, as `split_lines` gives them
    title : title of the page where it is known; a count in it (`精选9篇`) supports a series
    """
    strong, weak = strong_candidates(text, lines), weak_candidates(text, lines)
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
    strong = candidates[0].form in ("ordinal", "unit") and stem and NOUN.search(stem) and repeats == len(candidates)
    if (candidates[0].form == "suffix" or strong) and repeats >= 2 and len(same) >= 2:
        # One stem numbered again and again: whatever the order, these are the headings.
        return _rising_or_all(same), 10.0 + len(same)
    series = _runs(candidates) or _rising(candidates)
    score = _score(text, series, expected)
    form = series[0].form
    needed = 2.0 if form in ("ordinal", "unit", "suffix") else 4.0
    if len(series) == 1:
        needed += 1.0
    if not any(c.stem for c in series) and not series[0].title.lstrip("【[（(").startswith("篇"):
        # `第一篇` alone parts books, `样本1` parts measurements: something else must speak of reports.
        needed += 0.5
    return (series, score) if score >= needed else ([], 0.0)


def _score(text: str, series: list[Heading], expected: int | None) -> float:
    """Add up what speaks for a series of headings that part reports, and what speaks against it."""
    n = len(series)
    ends = [s.start for s in series[1:]] + [len(text)]
    bodies = [text[s.end : e] for s, e in zip(series, ends, strict=True)]
    heads = [body[:200] for body in bodies]
    stems = [s.stem for s in series]
    score = 0.0
    named = sum(bool(NOUN.search(stem)) for stem in stems) / n
    score += 2.0 * named
    if n >= 2:
        alike = sum(_alike(a, b) for a, b in pairwise(stems)) / (n - 1)
        score += 1.5 * alike if all(stems) else 1.0
        consecutive = sum(b.ordinal - a.ordinal == 1 for a, b in pairwise(series)) / (n - 1)
        score += consecutive - 0.5
    opened = sum(bool(OPENS.search(head)) for head in heads) / n
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
        not c.glued and len(text[c.end : min(e, c.end + 4 * MIN_BODY)].strip(BLANK_CHARACTERS + NEWLINES)) < MIN_BODY
        for c, e in zip(candidates, ends, strict=True)
    ]
    later: set[tuple[int, str]] = set()
    kept: list[Heading] = []
    for candidate, empty in zip(reversed(candidates), reversed(bare), strict=True):
        key = (candidate.ordinal, candidate.form)
        twin = kept[-1] if kept and kept[-1].ordinal == candidate.ordinal else None
        if empty and twin is not None and not text[candidate.end : twin.start].strip(BLANK_CHARACTERS + NEWLINES):
            kept[-1] = replace(twin, start=candidate.start)  # the heading stands there twice
            continue
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
    series = [_trim(text, h, shared) for h in series]
    out: list[Heading] = []
    rising = all(a.ordinal < b.ordinal for a, b in pairwise(series))
    for low, high in pairwise([None, *series, None]):
        if low is not None:
            out.append(low)
        if not rising:
            continue
        start, end = low.end if low else 0, high.start if high else len(text)
        first, last = low.ordinal if low else 0, high.ordinal if high else MOST
        if last - first <= 1:
            continue
        between = [
            c
            for c in strong
            if start <= c.start < end
            and c.start not in taken
            and first < c.ordinal < last
            and low is not None
            and high is not None
            and (not c.inline or _alike(c.stem, shared))
        ]
        if not between:
            between = _hidden(text, start, end, first, last, shared, series[0].form)
        out.extend(_trim(text, h, shared) for h in _rising(between))
    return out


def _hidden(text: str, start: int, end: int, first: int, last: int, shared: str, form: str) -> list[Heading]:
    """Find headings that stand in the middle of running text, by the title that their siblings share."""
    if len(shared) < MIN_TITLE or form not in ("suffix", "ordinal", "unit") or text.find(shared, start, end) < 0:
        return []
    found = []
    title = re.escape(shared)
    pattern = re.compile(
        rf"{title}{_B}[（(【\[]?(?:第{_B})?(?:篇|范文|例文|模板){_B}({ORDINAL}){_B}篇?[）)】\]]?"
        if form == "suffix"
        else rf"[【（(\[]?(?:第{_B})?(?:篇|范文|例文)?{_B}({ORDINAL}){_B}篇?[】）)\]]?{_B}[：:、]{_B}{title}"
    )
    for match in pattern.finditer(text, start, end):
        ordinal = parse_ordinal(match[1])
        # Lists of links at the end of a page name such titles too; a report has a body.
        if ordinal is not None and first < ordinal < last and end - match.end() >= HIDDEN_BODY:
            found.append(Heading(*match.span(), match.group().strip(MARKS), ordinal, form, shared, True, True))
    return found


def _trim(text: str, heading: Heading, shared: str) -> Heading:
    """Start an inline heading at, and end a glued one after, the title that its siblings share."""
    if heading.inline and heading.form == "suffix" and heading.stem != shared and heading.stem.endswith(shared):
        start = text.find(shared, heading.start, heading.end)
        if start > heading.start:
            return replace(heading, start=start, title=text[start : heading.end].strip(MARKS), stem=shared)
    if heading.glued and shared and heading.form != "suffix" and not heading.stem.startswith(shared):
        at = text.find(shared, heading.start, heading.start + MAX_HEADING)
        if at >= 0:
            end = at + len(shared)
            whole = text[heading.start : end].strip(MARKS)
            return replace(heading, end=end, title=whole, stem=shared)
    if heading.glued and shared and heading.stem != shared and heading.stem.startswith(shared):
        end = heading.end - (len(heading.stem) - len(shared))
        whole = text[heading.start : end].strip(MARKS)
        return replace(heading, end=end, title=whole, stem=shared)
    return heading
