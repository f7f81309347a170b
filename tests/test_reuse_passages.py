"""Passages: every common run is found and quoted exactly, whatever the order, the threads and the memory."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dedup.reuse.passages import Passages, find_passages
from dedup.reuse.rows import SectionRows
from dedup.reuse.runs import KINDS
from dedup.settings import ReuseSettings
from dedup.text.normalise import normalise
from tests.passage_rows import own_text, rows_of
from tests.shared_text_rows import permuted

MB = 1 << 20


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "passages"


def passages_of(rows: SectionRows, folder: Path, *, memory: int = 64 * MB, threads: int = 1, **given: int) -> Passages:
    return find_passages(rows, ReuseSettings(**given), folder=folder, memory_limit=memory, threads=threads)


def shared_by_hand(texts: list[str], cluster: list[int], chars: int) -> list[np.ndarray]:
    """Mark, in plain Python, every normalised character that lies in a run of `chars` standing in two clusters."""
    normalised = [normalise(text) for text in texts]
    places: dict[str, list[tuple[int, int]]] = {}
    for row, text in enumerate(normalised):
        for i in range(len(text) - chars + 1):
            places.setdefault(text[i : i + chars], []).append((row, i))
    marked = [np.zeros(len(text), dtype=bool) for text in normalised]
    for found in places.values():
        if len({cluster[row] for row, _ in found}) > 1:
            for row, i in found:
                marked[row][i : i + chars] = True
    return marked


def occurrences(found: Passages) -> set[tuple]:
    """What was found, without row numbers: the rank of the section stands for it."""
    return set(
        zip(
            found.row.tolist(),
            found.kind.tolist(),
            found.clean_start.tolist(),
            found.clean_end.tolist(),
            found.stats.column("df").take(found.passage).to_pylist(),
            found.stats.column("clean_start").take(found.passage).to_pylist(),
            found.stats.column("row").take(found.passage).to_pylist(),
            strict=True,
        )
    )


@st.composite
def corpora(draw: st.DrawFn) -> tuple[list[str], list[int], list[int]]:
    """Texts glued from common and own pieces over a small alphabet; clusters and families of them."""
    alphabet = draw(st.sampled_from(["ab", "abc", "发展兴修堤坝，。\n", "甲乙丙丁戊己庚辛壬癸，。 \n㎡½ﬁ"]))
    piece = st.text(alphabet, max_size=50)
    pool = draw(st.lists(piece, min_size=1, max_size=4))
    texts = draw(
        st.lists(st.lists(st.one_of(st.sampled_from(pool), piece), max_size=5).map("".join), min_size=2, max_size=7)
    )
    n = len(texts)
    cluster: list[int] = []
    family: list[int] = []
    for row in range(n):
        copy_of = draw(st.integers(0, row))
        cluster.append(cluster[copy_of] if copy_of < row and draw(st.booleans()) else row)
        if cluster[row] < row:
            family.append(family[cluster[row]])
        else:
            family.append(family[copy_of] if copy_of < row and draw(st.booleans()) else row)
    return texts, cluster, family


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(corpora(), st.sampled_from([8, 9, 12, 20]), st.sampled_from([2, 3, 4]))
def test_every_common_run_lies_in_passages_and_offsets_quote_it(
    scratch: Path, corpus: tuple[list[str], list[int], list[int]], chars: int, families: int
) -> None:
    texts, cluster, family = corpus
    found = passages_of(rows_of(texts, cluster, family), scratch, passage_chars=chars, template_families=families)
    for passage in found.stats.to_pylist():
        least, most = {"template": (families, 99), "copied": (2, families - 1), "edition": (1, 1)}[passage["kind"]]
        assert least <= passage["df"] <= most
        assert passage["n_sections"] >= passage["df"]
    covered = [np.zeros(len(normalise(text)), dtype=bool) for text in texts]
    reached: dict[tuple[int, int], int] = {}
    for row, kind, start, end, clean_start, clean_end in zip(
        found.row, found.kind, found.start, found.end, found.clean_start, found.clean_end, strict=True
    ):
        quote = texts[row][clean_start:clean_end]
        assert normalise(quote) == normalise(texts[row])[start:end]
        # No dropped sign stands at either end.
        assert normalise(quote[0])
        assert normalise(quote[-1])
        assert end - start >= chars
        # Passages of one kind do not overlap in a section.
        assert reached.get((row, kind), 0) <= start
        reached[row, kind] = end
        covered[row][start:end] = True
    for shared, got in zip(shared_by_hand(texts, cluster, chars), covered, strict=True):
        assert not (shared & ~got).any()


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(corpora(), st.randoms(use_true_random=False))
def test_neither_order_nor_threads_nor_memory_matters(
    scratch: Path, corpus: tuple[list[str], list[int], list[int]], random: object
) -> None:
    rows = rows_of(*corpus)
    n = len(corpus[0])
    places = list(range(n))
    random.shuffle(places)  # type: ignore[attr-defined]
    found = occurrences(passages_of(rows, scratch, passage_chars=8))
    again = passages_of(permuted(rows, places), scratch, passage_chars=8, memory=1000, threads=2)
    back = np.array(places)
    moved = {
        (int(back[row]), kind, start, end, df, best_start, int(back[best_row]))
        for row, kind, start, end, df, best_start, best_row in occurrences(again)
    }
    assert moved == found


def test_parts_of_a_page_glued_from_two_reports_are_two_passages(scratch: Path) -> None:
    first, second = own_text(1, 300), own_text(2, 300)
    glued = own_text(3, 40) + first[50:150] + second[100:220]
    found = passages_of(rows_of([first, second, glued]), scratch)
    assert [(s, e) for r, s, e in zip(found.row, found.start, found.end, strict=True) if r == 2] == [
        (40, 140),
        (140, 260),
    ]
    assert found.stats.column("df").to_pylist() == [2, 2]


def test_a_copied_paragraph_with_small_edits_is_one_passage(scratch: Path) -> None:
    paragraph = own_text(4, 400)
    edited = (
        paragraph[:60] + "xx" + paragraph[62:130] + "，\n" + paragraph[130:200] + own_text(5, 3) + paragraph[200:290]
    )
    edited += paragraph[291:]
    texts = [own_text(6, 200) + paragraph + own_text(7, 100), own_text(8, 90) + edited + own_text(9, 300)]
    found = passages_of(rows_of(texts), scratch)
    assert found.row.tolist() == [0, 1]
    assert found.passage.tolist() == [0, 0]
    assert (found.start.tolist(), found.end.tolist()) == ([200, 90], [600, 90 + len(normalise(edited))])


def test_a_template_lies_inside_a_copied_passage(scratch: Path) -> None:
    formula = own_text(10, 40)
    paragraph = own_text(11, 100) + formula + own_text(12, 100)
    texts = [
        paragraph + own_text(13, 50),
        own_text(14, 50) + paragraph,
        formula + own_text(15, 99),
        own_text(16, 9) + formula,
    ]
    found = passages_of(rows_of(texts), scratch)
    kinds = [KINDS[kind] for kind in found.kind]
    spans = list(zip(found.row.tolist(), kinds, found.start.tolist(), found.end.tolist(), strict=True))
    assert spans == [
        (0, "copied", 0, 240),
        (0, "template", 100, 140),
        (1, "copied", 50, 290),
        (1, "template", 150, 190),
        (2, "template", 0, 40),
        (3, "template", 9, 49),
    ]
    assert found.stats.select(["kind", "df", "n_sections", "n_chars"]).to_pylist() == [
        {"kind": "template", "df": 4, "n_sections": 4, "n_chars": 40},
        {"kind": "copied", "df": 2, "n_sections": 2, "n_chars": 240},
    ]


def test_unrelated_texts_share_nothing(scratch: Path) -> None:
    found = passages_of(rows_of([own_text(seed, 2000) for seed in range(100, 160)]), scratch)
    assert found.row.size == 0
    assert found.stats.num_rows == 0
    assert passages_of(rows_of([]), scratch).row.size == 0


def test_copies_have_one_voice_and_editions_are_told_apart(scratch: Path) -> None:
    report = own_text(20, 300)
    texts = [report, report[:290], report[:150] + own_text(21, 150)]
    assert passages_of(rows_of(texts, [0, 0, 2], [0, 0, 2]), scratch).stats.column("kind").to_pylist() == ["copied"]
    edition = passages_of(rows_of(texts, [0, 0, 2], [0, 0, 0]), scratch).stats.to_pylist()
    assert [(row["kind"], row["df"], row["n_sections"]) for row in edition] == [("edition", 1, 3)]
    assert passages_of(rows_of(texts[:2], [0, 0], [0, 0]), scratch).row.size == 0


def test_what_a_reference_has_is_copied_from_above(scratch: Path) -> None:
    plan = own_text(22, 60)
    texts = [plan + own_text(23, 60), own_text(24, 60) + plan, own_text(25, 30) + plan, plan]
    rows = rows_of(texts, reference=[False, False, False, True])
    stats = passages_of(rows, scratch).stats.to_pylist()
    assert [(row["kind"], row["df"], row["n_sections"], row["in_reference"]) for row in stats] == [
        ("template", 3, 3, True)
    ]
    one = passages_of(rows_of([texts[0], plan], reference=[False, True]), scratch).stats.to_pylist()
    assert [(row["kind"], row["df"], row["in_reference"]) for row in one] == [("copied", 1, True)]
    # What only reference sources share is nobody's reuse.
    assert passages_of(rows_of([plan, texts[0]], reference=[True, True]), scratch).row.size == 0


def test_furniture_of_one_site_is_boilerplate_and_a_formula_of_a_corpus_from_one_site_is_not(scratch: Path) -> None:
    line = own_text(26, 30)
    texts = [own_text(40 + i, 80) + (line if i < 4 else "") for i in range(30)]
    site = [0] * 5 + list(range(1, 26))
    several = passages_of(rows_of(texts, site=site), scratch).stats.to_pylist()
    assert [(row["kind"], row["df"], row["n_sites"]) for row in several] == [("boilerplate", 4, 1)]
    single = passages_of(rows_of(texts), scratch).stats.to_pylist()
    assert [row["kind"] for row in single] == ["template"]


def test_no_passage_is_chained_through_a_row_of_overlapping_texts(scratch: Path) -> None:
    long = own_text(27, 400)
    texts = []
    for step in range(7):
        part = long[step * 50 : step * 50 + 100]
        texts += [own_text(200 + 3 * step + k, 30) + part + own_text(300 + 3 * step + k, 30) for k in range(3)]
    found = passages_of(rows_of(texts), scratch)
    # A few characters around them may agree by chance.
    assert max(found.stats.column("n_chars").to_pylist()) <= 104
    assert found.stats.column("df").to_pylist() == [3] * 7
    assert all(len(set(found.passage[3 * step : 3 * step + 3])) == 1 for step in range(7))


def test_a_formula_among_chance_neighbours_is_one_passage(scratch: Path) -> None:
    formula = own_text(28, 25)
    # Three families each go on with the same character, and come from the same one, by chance.
    around = "甲乙丙丁戊己庚辛壬癸"
    texts = [
        own_text(400 + i, 40) + around[i % 7] + formula + around[9 - i % 8] + own_text(500 + i, 40) for i in range(60)
    ]
    found = passages_of(rows_of(texts), scratch)
    assert found.stats.select(["kind", "df"]).to_pylist() == [{"kind": "template", "df": 60}]
    assert found.row.tolist() == list(range(60))


def test_a_paragraph_that_a_report_repeats_is_one_passage(scratch: Path) -> None:
    paragraph = own_text(29, 50)
    texts = ["".join(own_text(600 + 40 * row + i, 30) + paragraph for i in range(40)) for row in range(2)]
    found = passages_of(rows_of(texts), scratch)
    assert found.row.tolist() == [0] * 40 + [1] * 40
    assert found.stats.select(["kind", "df", "n_sections"]).to_pylist() == [
        {"kind": "copied", "df": 2, "n_sections": 2}
    ]
    assert (found.end - found.start).min() >= 50
