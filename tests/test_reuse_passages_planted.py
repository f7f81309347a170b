"""Paragraphs planted in other reports are found again, with their borders, whatever small edits were made."""

from pathlib import Path

import numpy as np
import pytest

from dedup.reuse.passages import find_passages
from dedup.settings import ReuseSettings
from tests.passage_rows import own_text, rows_of


def edited(text: str, rate: float, random: np.random.Generator) -> str:
    """Replace, add or drop characters, each with a third of the rate."""
    out = []
    for character in text:
        turn = int(random.integers(3)) if random.random() < rate else -1
        if turn == 0:
            out.append(chr(0x4E00 + int(random.integers(17_500))))
        elif turn == 1:
            out.append(character + chr(0x4E00 + int(random.integers(17_500))))
        elif turn < 0:
            out.append(character)
    return "".join(out)


def scraped(text: str, random: np.random.Generator) -> str:
    """Put signs and line breaks that copies need not share between the characters."""
    signs = random.choice(["", "，", "。\n", " "], size=len(text), p=[0.9, 0.05, 0.03, 0.02])
    return "".join(c + str(s) for c, s in zip(text, signs, strict=True))


@pytest.mark.parametrize(("rate", "shortest", "recall"), [(0.0, 20, 0.99), (0.05, 100, 0.95)])
def test_planted_paragraphs_are_found_with_their_borders(
    tmp_path: Path, rate: float, shortest: int, recall: float
) -> None:
    random = np.random.default_rng(11)
    n = 120
    texts = [own_text(seed, 1200) for seed in range(2 * n)]
    planted = []
    for i in range(n):
        size = int(np.exp(random.uniform(np.log(shortest), np.log(600))))
        start, at = int(random.integers(1200 - size)), int(random.integers(1200))
        copy = edited(texts[i][start : start + size], rate, random)
        texts[n + i] = texts[n + i][:at] + copy + texts[n + i][at:]
        planted += [(i, start, start + size), (n + i, at, at + len(copy))]
    rows = rows_of([scraped(text, random) for text in texts])
    found = find_passages(rows, ReuseSettings(), folder=tmp_path, memory_limit=1 << 26, threads=2)
    bounds = np.searchsorted(found.row, np.arange(2 * n + 1))
    hits, pieces, border = 0, 0, []
    expected = np.zeros(found.row.size, dtype=bool)
    for row, low, high in planted:
        over = np.arange(bounds[row], bounds[row + 1])
        over = over[(found.start[over] < high) & (found.end[over] > low)]
        expected[over] = True
        covered = (np.minimum(found.end[over], high) - np.maximum(found.start[over], low)).sum()
        if covered >= (0.6 if rate else 1.0) * (high - low):
            hits += 1
            pieces += over.size
            border += [abs(found.start[over].min() - low), abs(found.end[over].max() - high)]
    assert hits >= recall * len(planted)
    assert np.median(border) <= (10 if rate else 1)
    assert pieces <= 1.1 * hits
    # What was not planted is not found.
    assert expected.all()
