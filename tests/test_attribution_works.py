"""Pieces of one report share a work: over one page, and through their copies over pages."""

import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup import schemas
from dedup.extraction.attribution import assign_works, attribute_sections
from dedup.extraction.attribution.pieces import read_piece

from .attribution_pages import attribute, pages

HEAD = "各位代表：\n现在，我代表筠岙镇人民政府作报告。\n我镇修路12公里，办厂3家，今年还要"
TAIL = "修好筠岙镇文化站。\n各位代表，让我们为建设富裕和谐的新筠岙而努力奋斗！我镇的明天更好，筠岙人民有信心。"
OTHER = "现在，我代表澜泊县人民政府作报告。我县修路30公里，还要"


def works(*texts: str, **options: object) -> list[str]:
    return [row["work_id"] for row in attribute(*texts, **options)]


def test_edges_that_complete_each_other_make_one_work() -> None:
    a, b, c = works(HEAD, OTHER, TAIL, completeness={"d": ["no_tail", "no_tail", "no_head"]})
    assert a == c != b


def test_whole_reports_of_one_place_are_works_of_their_own() -> None:
    a, b = works(HEAD, TAIL, completeness={"d": ["full", "full"]})
    assert a != b


def test_pieces_of_different_years_are_different_works() -> None:
    old = HEAD + "\n2011年工作的主要任务是修路，做好2011年的工作"
    new = "2015年工作的主要任务是修路，做好2015年的工作。\n" + TAIL
    a, b = works(old, new, completeness={"d": ["no_tail", "no_head"]})
    assert a != b


def test_page_marks_number_the_pieces() -> None:
    rows = attribute(
        HEAD,
        TAIL,
        completeness={"d": ["no_tail", "no_head"]},
        footers={"d": ["共3页，当前第2页123", "共3页，当前第3页123"]},
    )
    assert [(row["piece"], row["pieces"]) for row in rows] == [(2, 3), (3, 3)]
    assert rows[0]["work_id"] == rows[1]["work_id"]


@pytest.mark.parametrize(
    ("footer", "expected"),
    [
        ("共3页，当前第2页123", (2, 3)),
        ("第 2 页 / 共 3 页", (2, 3)),
        ("当前第2页", (2, None)),
        ("共3页 第2页", (2, 3)),
        ("共1页，当前第1页", (None, None)),
        ("共3页，当前第5页", (None, None)),
        ("一页纸", (None, None)),
        ("第1页 共9页\n正文\n第2页 共9页", (None, None)),
        ("", (None, None)),
    ],
)
def test_pagination_is_read_as_sites_write_it(footer: str, expected: tuple[int | None, int | None]) -> None:
    text = "正文。\n" + footer
    assert read_piece(text, 0, len(text)) == expected


def test_copies_on_other_pages_join_the_pieces_that_no_page_has_together() -> None:
    sections, documents = pages(
        {"a": [HEAD, TAIL], "b": [HEAD], "c": [TAIL], "e": [OTHER]},
        completeness={"a": ["no_tail", "no_head"], "b": ["no_tail"], "c": ["no_head"], "e": ["no_tail"]},
    )
    attributions = attribute_sections(sections, documents)
    clusters = ["c_1", "c_2", "c_1", "c_2", "c_3"]
    membership = pa.table({"section_id": attributions.column("section_id"), "cluster_id": clusters})
    work = assign_works(attributions, membership).column("work_id").to_pylist()
    assert work[0] == work[1] == work[2] == work[3] != work[4]


def test_nothing_in_nothing_out() -> None:
    sections, documents = pages({})
    attributions = attribute_sections(sections, documents)
    assert attributions.num_rows == 0
    membership = pa.table({"section_id": pa.array([], pa.string()), "cluster_id": pa.array([], pa.string())})
    assert assign_works(attributions, membership).schema.equals(schemas.ATTRIBUTIONS)


@given(st.randoms(use_true_random=False))
def test_the_order_of_documents_changes_nothing(rng: random.Random) -> None:
    texts = {"a": [HEAD, TAIL], "b": [HEAD, OTHER], "c": ["2024年工作回顾\n2024年，我县实干。", TAIL]}
    edges = {"a": ["no_tail", "no_head"], "b": ["no_tail", "no_tail"], "c": ["full", "no_head"]}
    names = list(texts)
    rng.shuffle(names)
    shuffled = attribute_sections(*pages({n: texts[n] for n in names}, completeness={n: edges[n] for n in names}))
    straight = attribute_sections(*pages(texts, completeness=edges))
    assert shuffled.schema.equals(schemas.ATTRIBUTIONS)
    assert shuffled.sort_by("section_id").equals(straight.sort_by("section_id"))
