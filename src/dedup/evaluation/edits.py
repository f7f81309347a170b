"""What happens to a report when it is copied: edits of a measured rate, and the damage sites do.

All functions take and give text with the marks of `grammar`. Figures are never touched by `scatter`: a figure
changes only through `change_figures` and the masks, so that the truth about figures stays exact.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dedup.evaluation.draws import Dice, draws32
from dedup.evaluation.grammar import FIGURE_CHANGED, FIGURE_END, FIGURE_FIRST
from dedup.evaluation.vocabulary import vocabulary

YEAR = re.compile("(?<![0-9])(?:19|20)[0-9]{2}(?=年)")
FIGURE = re.compile(f"([{chr(FIGURE_FIRST)}-\U000ffffd])([^{FIGURE_END}]*){FIGURE_END}")
#: Where text may be cut without cutting a mark's span: the end of a sentence.
SENTENCE_END = re.compile("[。！]")


@cache
def _alphabet() -> NDArray[np.uint32]:
    """Return the characters that edits write: every Chinese character of the vocabulary, in code-point order."""
    words = vocabulary()
    text = "".join(
        "".join(field.modifiers + field.heads + field.verbs + field.subjects + field.titles) for field in words.fields
    )
    return np.array(sorted({ord(c) for c in text if "一" <= c <= "龥"}), dtype=np.uint32)


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the text as code points."""
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)


def from_code_points(points: NDArray[np.uint32]) -> str:
    """Return code points as text."""
    return points.astype("<u4").tobytes().decode("utf-32-le")


def is_mark(points: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return which code points are marks."""
    marks: NDArray[np.bool_] = (points >= FIGURE_FIRST) | ((points >= 0xE000) & (points <= 0xEFFF))
    return marks


def _editable(points: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return where a character may be edited: outside figures, marks, digits, years and line breaks."""
    steps = (points >= FIGURE_FIRST).astype(np.int8) - (points == ord(FIGURE_END)).astype(np.int8)
    inside = np.cumsum(steps, dtype=np.int32) > 0
    digit = (points >= 0x30) & (points <= 0x39)
    editable: NDArray[np.bool_] = ~(inside | is_mark(points) | digit | (points == 10) | (points == ord("年")))
    return editable


def scatter(text: str, rate: float, key: int) -> str:
    """Edit `rate` of the characters at random places: 40 % replaced, 30 % dropped, 30 % added.

    One edit in eight is a word of two to four characters rather than one character; the characters touched are
    counted, so the rate holds for them, not for the number of edits.
    """
    points = code_points(text)
    allowed = _editable(points)
    places = np.flatnonzero(allowed)
    budget = round(rate * int(np.count_nonzero(~is_mark(points))))
    if budget == 0 or len(places) == 0:
        return text
    # Enough draws for twice the edits that single characters would need: some places are drawn more than once.
    draws = draws32(key, 5 * budget + 32)
    drawn = places[(draws[: 2 * budget + 16] * np.uint64(len(places)) >> np.uint64(32)).astype(np.int64)]
    chosen, first = np.unique(drawn, return_index=True)
    chosen = chosen[np.argsort(first)]
    words = draws[2 * budget + 16 : 3 * budget + 32][: len(chosen)]
    lengths = np.where(words % 8 == 0, 2 + (words >> np.uint64(8)) % 3, 1).astype(np.int64)
    n = min(int(np.searchsorted(np.cumsum(lengths), budget, side="right")) or 1, len(chosen))
    chosen, lengths, kinds = chosen[:n], lengths[:n], (words[:n] >> np.uint64(16)) % 10
    alphabet = _alphabet()
    letters = alphabet[(draws[3 * budget + 32 :] * np.uint64(len(alphabet)) >> np.uint64(32)).astype(np.int64)]
    starts = np.cumsum(lengths) - lengths
    # Every character of every edit: which edit, how far into it, where it falls.
    edit = np.repeat(np.arange(n), lengths)
    step = np.arange(len(edit)) - starts[edit]
    kind = kinds[edit]
    letter = letters[np.arange(len(edit)) % len(letters)]
    target = np.minimum(chosen[edit] + step, len(points) - 1)
    ok = allowed[target]
    replaced = points.copy()
    swaps = ok & (kind < 4)
    replaced[target[swaps]] = letter[swaps]
    keep = np.ones(len(points), dtype=bool)
    keep[target[ok & (kind >= 4) & (kind < 7)]] = False
    adds = kind >= 7
    order = np.argsort(chosen[edit][adds], kind="stable")
    at, new = chosen[edit][adds][order], letter[adds][order]
    return from_code_points(_inserted(replaced, keep, at, new))


def _inserted(
    points: NDArray[np.uint32], keep: NDArray[np.bool_], at: NDArray[np.int64], new: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    """Return `points[keep]` with `new[i]` put before what stood at `at[i]` (ascending)."""
    # Where every kept character and every new one goes: its own rank plus those of the other kind before it.
    kept = np.flatnonzero(keep)
    result = np.empty(len(kept) + len(new), dtype=np.uint32)
    new_places = np.searchsorted(kept, at, side="left") + np.arange(len(new))
    is_new = np.zeros(len(result), dtype=bool)
    is_new[new_places] = True
    result[is_new] = new
    result[~is_new] = points[kept]
    return result


def rearrange(text: str, rate: float, dice: Dice, foreign: str) -> str:
    """Edit about `rate` of the text in one piece: sentences dropped, added from `foreign`, or moved elsewhere."""
    ends = [m.end() for m in SENTENCE_END.finditer(text)]
    budget = max(20, round(rate * len(text)))
    kind = dice.below(3)
    cuts = [0, *ends]
    first = cuts[dice.below(max(1, len(cuts) - 1))]
    if kind == 1:
        strange = [m.end() for m in SENTENCE_END.finditer(foreign)] or [len(foreign)]
        start = ([0, *strange])[dice.below(len(strange))]
        stop = next((e for e in strange if e - start >= budget), strange[-1])
        return text[:first] + foreign[start:stop].strip("\n") + text[first:]
    last = next((e for e in cuts if e - first >= budget), cuts[-1])
    if kind == 0:
        return text[:first] + text[last:]
    piece, rest = text[first:last], text[:first] + text[last:]
    places = [0] + [m.end() for m in SENTENCE_END.finditer(rest)]
    to = places[dice.below(len(places))]
    return rest[:to] + piece + rest[to:]


def truncate(text: str, share: float) -> str:
    """Keep the first `share` of the text; the cut falls in mid-sentence but never inside a figure."""
    end = max(1, int(len(text) * share))
    open_at = text.rfind(FIGURE_END, 0, end)
    for match in FIGURE.finditer(text, max(0, open_at)):
        if match.start() < end < match.end():
            end = match.start()
        if match.start() >= end:
            break
    return text[:end]


def change_figures(text: str, n: int, dice: Dice) -> str:
    """Change the last digit of `n` figures, as careless copying does."""
    spans = [m.span(2) for m in FIGURE.finditer(text) if m.group(2)[-1:].isdigit()]
    for _ in range(min(n, len(spans))):
        start, end = spans[dice.below(len(spans))]
        digit = int(text[end - 1]) + dice.between(1, 4)
        digit = digit - 9 if digit > 9 else digit
        text = text[: start - 1] + _as_changed(text[start - 1]) + f"{text[start : end - 1]}{digit}{text[end:]}"
    return text


def _as_changed(opener: str) -> str:
    """Return the mark that opens a figure, marked as changed."""
    return opener if ord(opener) >= FIGURE_CHANGED else chr(ord(opener) - FIGURE_FIRST + FIGURE_CHANGED)


def spin(text: str, share: float, dice: Dice) -> str:
    """Swap words for their synonyms, as rewriting tools do: each of the known words with probability `share`."""
    for plain, spun in _synonyms():
        if dice.chance(share):
            text = text.replace(plain, spun)
    return text


@cache
def _synonyms() -> tuple[tuple[str, str], ...]:
    return tuple((a, b) for a, _, b in (pair.partition("/") for pair in vocabulary().words["synonyms"]))


def mask_years(text: str, style: str) -> str:
    """Hide every printed year: `20xx`, `xx`, `×`, `～` or `**` before 年; `2024` overwrites it."""
    return YEAR.sub(style, text)


def mask_name(text: str, short: str, style: str) -> str:
    """Hide the name of the place."""
    return text.replace(short, style)


def mask_figures(text: str, share: float, dice: Dice, sign: str = "×") -> str:
    """Hide the digits of a share of the figures: `12.5` becomes `×.×`."""

    def hide(match: re.Match[str]) -> str:
        if not dice.chance(share):
            return match.group()
        return match.group(1) + re.sub("[0-9]+", sign, match.group(2)) + FIGURE_END

    return FIGURE.sub(hide, text)


def overwrite_quantity(text: str, page_year: int, dice: Dice) -> str:
    """Write the page's year over one figure: `投资2024余万元`."""
    spans = [m.span(2) for m in FIGURE.finditer(text) if m.group(2).isdigit() and len(m.group(2)) == 4]
    if not spans:
        return text
    start, end = dice.pick(spans)
    return f"{text[: start - 1]}{_as_changed(text[start - 1])}{page_year}{text[end:]}"


@cache
def _byte_loss() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return what the loss of two 0xA1 bytes makes of a character and the punctuation after it (GBK)."""
    damaged: dict[str, str] = {}
    alphabet = {chr(c) for c in _alphabet().tolist()} | set("场础省健塘市辍基储社会保建设发展工作")
    for first in sorted(alphabet):
        encoded = first.encode("gb18030")
        if len(encoded) != 2 or encoded[1] != 0xA1:
            continue
        for second in "、。“”；，":
            tail = second.encode("gb18030")
            if tail[0] == 0xA1:
                damaged[first + second] = bytes((encoded[0], tail[1])).decode("gb18030")
    pattern = "|".join(re.escape(pair) for pair in damaged) or "(?!)"
    return re.compile(pattern), damaged


def lose_bytes(text: str) -> str:
    """Drop pairs of 0xA1 bytes as a broken GBK reader does: `市场、社会` becomes `市尝社会`."""
    pattern, damaged = _byte_loss()
    return pattern.sub(lambda m: damaged[m.group()], text)


_HALF_WIDTH = str.maketrans("，；：（）！？％", ",;:()!?%")


def narrow(text: str) -> str:
    """Write punctuation at half width."""
    return text.translate(_HALF_WIDTH)
