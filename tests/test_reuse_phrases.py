"""Phrases: clauses counted by the families they stand in, quoted exactly, whatever the order of the input."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.reuse.phrases import Phrases, count_phrases
from dedup.reuse.rows import SectionRows
from dedup.settings import ReuseSettings
from dedup.text.normalise import normalise
from tests.shared_text_rows import permuted, section_rows

GB = 1 << 30


def phrases_of(rows: SectionRows, *, memory_limit: int = GB, threads: int = 1, **settings: int) -> Phrases:
    folder = Path("unused-folder")
    found = count_phrases(rows, ReuseSettings(**settings), folder=folder, memory_limit=memory_limit, threads=threads)
    assert not folder.exists()
    return found


def by_text(found: Phrases) -> dict[str, dict]:
    return {normalise(row["text"]): row for row in found.table.to_pylist()}


def spread_by_hand(texts: list[str], family: list[int], least_chars: int, least_families: int) -> dict[str, tuple]:
    """Count clauses in plain Python; for texts whose only borders are the signs below."""
    rows: dict[str, set[int]] = defaultdict(set)
    for row, text in enumerate(texts):
        for clause in re.split("[，。；、：！？（）\n]", text):
            if len(normalise(clause)) >= least_chars:
                rows[normalise(clause)].add(row)
    counted = {c: (len({family[r] for r in found}), len(found)) for c, found in rows.items()}
    return {c: spread for c, spread in counted.items() if spread[0] >= least_families}


WORDS = [
    "加强水利建设",
    "修缮堤防",
    "“三项”行动",
    "完成投资",
    "25.5%",
    "Bridge",
    "①",
    " ",
    "《桥梁条例》",
    "xx镇",
    "ﬁnal",
]
clauses = st.lists(st.sampled_from(WORDS), min_size=0, max_size=4).map("".join)
texts = st.lists(st.tuples(clauses, st.sampled_from("，。；、：！？（）\n")), max_size=6).map(
    lambda parts: "".join(clause + border for clause, border in parts)
)
corpora = st.lists(st.tuples(texts, st.integers(0, 3)), min_size=1, max_size=8)


def families_of(numbers: list[int]) -> list[int]:
    return [numbers.index(number) for number in numbers]


@given(corpora, st.integers(2, 3))
def test_counts_are_those_of_plain_python(corpus: list[tuple[str, int]], least: int) -> None:
    written = [text for text, _ in corpus]
    family = families_of([number for _, number in corpus])
    found = by_text(phrases_of(section_rows(written, family), phrase_families=least))
    assert {c: (row["df"], row["n_sections"]) for c, row in found.items()} == spread_by_hand(written, family, 8, least)


@given(corpora)
def test_offsets_quote_the_phrase(corpus: list[tuple[str, int]]) -> None:
    rows = section_rows([text for text, _ in corpus], families_of([number for _, number in corpus]))
    for row in phrases_of(rows, phrase_families=2).table.to_pylist():
        text = rows.texts[row["row"]].as_py()
        assert text[row["clean_start"] : row["clean_end"]] == row["text"]
        assert len(normalise(row["text"])) == row["n_chars"]


@given(corpora, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(corpus: list[tuple[str, int]], random) -> None:
    rows = section_rows([text for text, _ in corpus], families_of([number for _, number in corpus]))
    places = list(range(len(corpus)))
    random.shuffle(places)
    one = phrases_of(rows, phrase_families=2).table
    other = phrases_of(permuted(rows, places), phrase_families=2).table
    assert one.drop_columns(["row"]).equals(other.drop_columns(["row"]))
    assert one.column("row").to_pylist() == [places[row] for row in other.column("row").to_pylist()]


FORMULA = "坚持把河道整治放在第一位"


@pytest.mark.parametrize(
    "other",
    [
        "坚持把 河道整治　放在第一位",
        "坚持把“河道整治”放在第一位",
        "坚持把《河道整治》放在第一位",
        "坚持把河道整治放在第一位\u200b",
        "坚持把河道-整治放在第一位",
    ],
)
def test_what_the_normaliser_drops_makes_no_other_phrase(other: str) -> None:
    rows = section_rows([f"今年，{FORMULA}。", f"{FORMULA}；好。", f"好：{other}！"])
    (phrase,) = phrases_of(rows).table.to_pylist()
    assert phrase["df"] == 3
    assert phrase["text"] == FORMULA


@pytest.mark.parametrize(
    "border", ["，", "。", "；", "、", "：", "！", "？", "\n", "——", "（", ")", ",", "; ", "!", "…"]
)
def test_clauses_end_at_punctuation_of_either_width(border: str) -> None:
    rows = section_rows([f"{name}{border}{FORMULA}{border}{name}" for name in ("甲地修桥铺路", "乙地筑坝", "丙")])
    assert list(by_text(phrases_of(rows))) == [FORMULA]


@pytest.mark.parametrize("number", ["1,250.5", "3.5", "10:30", "2001-2005"])
def test_signs_inside_numbers_end_nothing(number: str) -> None:
    clause = f"全镇完成{number}投资任务"
    (phrase,) = phrases_of(section_rows([f"{clause}，{i}" for i in "甲乙丙"])).table.to_pylist()
    assert phrase["text"] == clause


def test_article_numbers_are_no_part_of_a_clause() -> None:
    numbers = ("第一条", "第二十三条", "第 5 条")
    rows = section_rows([f"{number}　为了规范堤防的养护，制定本办法。" for number in numbers])
    assert "为了规范堤防的养护" in by_text(phrases_of(rows))


def test_a_family_has_one_voice() -> None:
    rows = section_rows([FORMULA] * 12, family=[0] * 11 + [11])
    (phrase,) = phrases_of(rows, phrase_families=2).table.to_pylist()
    assert (phrase["df"], phrase["n_sections"]) == (2, 12)
    assert phrases_of(rows, phrase_families=3).table.num_rows == 0


def test_further_copies_of_a_page_change_no_df() -> None:
    pages = [f"{name}，{FORMULA}。推进村容整治工作。" for name in "甲乙丙丁"]
    before = phrases_of(section_rows(pages))
    after = phrases_of(section_rows(pages + [pages[0]] * 10, family=[0, 1, 2, 3] + [0] * 10))
    counts = ["phrase_id", "df"]
    assert before.table.select(counts).equals(after.table.select(counts))
    assert after.corpus_families == before.corpus_families == 4


def test_reference_sources_have_no_voice() -> None:
    rows = section_rows([FORMULA] * 4, reference=[False, False, False, True])
    (phrase,) = phrases_of(rows).table.to_pylist()
    assert (phrase["df"], phrase["n_sections"]) == (3, 3)


def test_a_short_phrase_counts_on_its_own_and_not_inside_a_longer_one() -> None:
    short, long = "河道整治放在第一位", FORMULA
    rows = section_rows([short] * 4 + [long] * 3)
    assert {c: row["df"] for c, row in by_text(phrases_of(rows)).items()} == {short: 4, long: 3}


def test_phrases_are_ranked_by_reports_then_regions_and_years_and_sites_last() -> None:
    wide, regional, sites = "修缮全部危旧桥梁涵洞", "清理全部河道淤泥垃圾", "疏通全部乡村道路沟渠"
    written = [f"{wide}。{sites}。{regional}"] * 3 + [wide, regional, sites]
    rows = section_rows(written, site=[0, 0, 0, 0, 0, 1], region=[0, 0, 0, 0, 1, 0], year=[-1] * 6)
    ranked = [row["text"] for row in phrases_of(rows).table.to_pylist()]
    assert ranked[:2] == [regional, sites]
    more = phrases_of(section_rows([*written, wide])).table.to_pylist()
    assert more[0]["text"] == wide


def test_regions_and_years_count_as_far_as_they_are_known() -> None:
    rows = section_rows([FORMULA] * 4, region=[7, -1, 7, 9], year=[2004, 2004, -1, -1], site=[1, 2, 1, 1])
    (phrase,) = phrases_of(rows).table.to_pylist()
    assert (phrase["n_regions"], phrase["n_years"], phrase["n_sites"]) == (2, 1, 2)


def test_the_best_copy_is_quoted() -> None:
    rows = section_rows([FORMULA, f"好。“{FORMULA}”", FORMULA], order=[2, 0, 1])
    (phrase,) = phrases_of(rows).table.to_pylist()
    assert (phrase["row"], phrase["text"]) == (1, f"“{FORMULA}”")


@pytest.mark.parametrize(
    ("clause", "quoted"),
    [
        ("“坚持把河道整治放在第一位", "坚持把河道整治放在第一位"),
        ("坚持把河道整治放在第一位”", "坚持把河道整治放在第一位"),
        ("“河道整治”放在第一位来抓", "“河道整治”放在第一位来抓"),
        ("《“河道”整治放在第一位来抓", "“河道”整治放在第一位来抓"),
    ],
)
def test_quotes_without_a_partner_are_left_out(clause: str, quoted: str) -> None:
    rows = section_rows([f"他说：{clause}，好。"] * 3)
    (phrase,) = phrases_of(rows).table.to_pylist()
    assert phrase["text"] == quoted
    text = rows.texts[phrase["row"]].as_py()
    assert text[phrase["clean_start"] : phrase["clean_end"]] == quoted


def test_memory_and_threads_change_nothing(tmp_path: Path) -> None:
    written = [f"第{i % 7}组完成堤防加固任务，{FORMULA}，投资{i}万元以上。" * 3 for i in range(400)]
    rows = section_rows(written)
    whole = phrases_of(rows)
    spilled = count_phrases(rows, ReuseSettings(), folder=tmp_path / "work", memory_limit=1 << 16, threads=2)
    assert whole.table.equals(spilled.table)
    assert list((tmp_path / "work").iterdir()) == []


def test_no_text_has_no_phrases() -> None:
    assert phrases_of(section_rows([])).table.num_rows == 0
    assert phrases_of(section_rows(["", "，。", "\n"])).table.num_rows == 0
