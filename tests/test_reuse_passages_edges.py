"""Edges, ratios and containment: exact amounts, and nothing changes for others when a page is copied again."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dedup.matching.verify import shared_shingles
from dedup.reuse.contained import find_contained
from dedup.reuse.edges import ShareEdges, share_edges
from dedup.reuse.passages import Passages, find_passages, ratios
from dedup.reuse.rows import SectionRows
from dedup.settings import FingerprintSettings, ReuseSettings
from tests.passage_rows import own_text, rows_of

SETTINGS = ReuseSettings()


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "passages"


def passages_of(rows: SectionRows, folder: Path) -> Passages:
    return find_passages(rows, SETTINGS, folder=folder, memory_limit=1 << 26, threads=1)


def by_pair(edges: ShareEdges) -> dict[tuple[int, int], tuple]:
    columns = (edges.shared_chars, edges.share_from, edges.share_to, edges.n_passages, edges.longest, edges.idf_share)
    pairs = zip(edges.from_row.tolist(), edges.to_row.tolist(), strict=True)
    return dict(zip(pairs, zip(*(c.tolist() for c in columns), strict=True), strict=True))


def test_an_edge_says_how_much_two_clusters_share(scratch: Path) -> None:
    common, other = own_text(1, 100), own_text(2, 60)
    texts = [
        own_text(3, 100) + common + own_text(4, 40) + other,
        common + other,
        own_text(5, 200),
        own_text(6, 340) + other[:30],
    ]
    rows = rows_of(texts)
    found = passages_of(rows, scratch)
    edges = share_edges(found, rows, SETTINGS)
    amounts = by_pair(edges)
    assert set(amounts) == {(0, 1), (0, 3), (1, 3)}
    shared, share_from, share_to, n_passages, longest, idf_share = amounts[0, 1]
    assert (shared, share_from, share_to, n_passages, longest) == (160, 160 / 300, 1.0, 3, 100)
    # Of four families, what two have weighs half; what three have counts with the paragraph that it is part of.
    assert idf_share == pytest.approx(160 / 300 / 2)
    assert amounts[0, 3][:4] == (30, 0.1, 30 / 370, 1)
    assert amounts[0, 3][5] == pytest.approx(0.1 * np.log(4 / 3) / np.log(4))
    assert edges.metrics["passages_left_out"] == 0


def test_what_many_families_have_ties_nobody_to_anybody(scratch: Path) -> None:
    formula = own_text(7, 50)
    rows = rows_of([own_text(10 + i, 60) + formula for i in range(SETTINGS.edge_families + 1)])
    edges = share_edges(passages_of(rows, scratch), rows, SETTINGS)
    assert edges.from_row.size == 0
    assert edges.metrics["passages_left_out"] == 1


def test_only_canonical_sections_of_the_corpus_make_edges(scratch: Path) -> None:
    paragraph = own_text(8, 80)
    texts = [own_text(20, 200), own_text(20, 200) + paragraph, own_text(21, 50) + paragraph, paragraph]
    rows = rows_of(texts, [0, 0, 2, 3], reference=[False, False, False, True])
    assert share_edges(passages_of(rows, scratch), rows, SETTINGS).from_row.size == 0


def test_ratios_count_each_character_once(scratch: Path) -> None:
    formula, paragraph = own_text(30, 30), own_text(31, 70)
    # The paragraph of two reports holds a formula of four.
    texts = [
        paragraph + formula + paragraph[::-1] + own_text(32, 30),
        paragraph + formula + paragraph[::-1] + own_text(33, 230),
        own_text(34, 70) + formula,
        own_text(35, 30) + formula,
    ]
    rows = rows_of(texts)
    template, copied = ratios(passages_of(rows, scratch), rows)
    assert template.tolist() == [0.15, 0.075, 0.3, 0.5]
    assert copied.tolist() == [0.85, 0.425, 0.0, 0.0]


@pytest.mark.parametrize("better", [False, True])
def test_ten_further_copies_of_a_page_change_nothing_for_others(scratch: Path, better: bool) -> None:
    paragraphs = [own_text(50 + k, 40 + 15 * k) for k in range(8)]
    random = np.random.default_rng(3)
    texts = []
    for row in range(40):
        taken = random.choice(8, size=3, p=np.arange(8, 0, -1) / 36)
        texts.append("".join(own_text(1000 + 10 * row + j, 60) + paragraphs[k] for j, k in enumerate(taken)))
    rows = rows_of(texts)
    copied = 11
    n = len(texts)
    cluster = list(range(n)) + [copied] * 10
    order = [*range(n), *range(n, n + 10)]
    if better:
        # One of the copies is now the best, and stands for the others.
        cluster = [n if c == copied else c for c in cluster]
        order = [row + 10 for row in range(n)] + list(range(10))
    more = rows_of(texts + [texts[copied]] * 10, cluster, order=order)
    before, after = passages_of(rows, scratch), passages_of(more, scratch)

    def counted(found: Passages) -> list[tuple]:
        stats = found.stats
        return sorted(zip(*(stats.column(c).to_pylist() for c in ("kind", "df", "n_chars")), strict=True))

    assert counted(before) == counted(after)
    for one, two in zip(ratios(before, rows), ratios(after, more), strict=True):
        assert one.tolist() == two[:n].tolist()
        assert (two[n:] == one[copied]).all()
    own, again = by_pair(share_edges(before, rows, SETTINGS)), by_pair(share_edges(after, more, SETTINGS))
    stands_for = {row: copied if row >= n else row for row in range(n + 10)}
    renamed = {(stands_for[a], stands_for[b]): amounts for (a, b), amounts in again.items()}
    others = {pair for pair in own if copied not in pair}
    assert len(others) > 40
    assert {pair: own[pair] for pair in others} == {pair: renamed[pair] for pair in others}
    assert {frozenset(pair) for pair in own} == {frozenset(pair) for pair in renamed}


def test_a_section_inside_another_is_found_and_formulae_contain_nothing(scratch: Path) -> None:
    report = own_text(60, 1500)
    formulae = [own_text(70 + k, 30) for k in range(6)]
    texts = [
        own_text(61, 400) + report + own_text(62, 900),
        report,
        report[300:800],
        "".join(formulae),
        *("".join(own_text(80 + 10 * i + k, 50) + formula for k, formula in enumerate(formulae)) for i in range(5)),
    ]
    rows = rows_of(texts)
    fingerprint = FingerprintSettings()
    found = find_contained(passages_of(rows, scratch), rows, rows.texts, SETTINGS, fingerprint)
    pairs = list(zip(found.inner.tolist(), found.outer.tolist(), strict=True))
    assert pairs == [(1, 0), (2, 0), (2, 1)]
    shared, inner, outer = shared_shingles(rows.texts, found.inner, found.outer, fingerprint)
    assert (found.containment_inner == shared / inner).all()
    assert (found.containment_outer == shared / outer).all()
    assert (found.jaccard == shared / (inner + outer - shared)).all()


def test_editions_of_one_report_do_not_contain_each_other(scratch: Path) -> None:
    report = own_text(63, 900)
    rows = rows_of([report + own_text(64, 700), report], [0, 1], [0, 0])
    assert find_contained(passages_of(rows, scratch), rows, rows.texts, SETTINGS, FingerprintSettings()).inner.size == 0


def test_an_empty_corpus_has_no_edges(scratch: Path) -> None:
    rows = rows_of([])
    found = passages_of(rows, scratch)
    assert share_edges(found, rows, SETTINGS).from_row.size == 0
    assert find_contained(found, rows, pa.array([], pa.large_string()), SETTINGS, FingerprintSettings()).inner.size == 0
    assert [r.size for r in ratios(found, rows)] == [0, 0]
