"""Sections tile the page, quote it, and depend on nothing but the page."""

import itertools

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup.schemas import SECTIONS
from dedup.settings import TextSettings
from dedup.text.sections import cut_documents
from tests.text_pages import cut, page, report

HEADINGS = [f"区政府工作报告篇{n}" for n in "一二三"]
PIECES = [
    *HEADINGS,
    "第二篇：",
    "　　",
    "\n",
    "\n\n",
    "\r\n",
    "\u2028",
    " ",
    "共3页，当前第2页123",
    "相关文章：",
    "版权所有",
    "名词解释",
    "develop-\nment",
    "分工 协调",
    "目 标目标",
    "## ",
    "**",
    "\U0001f600",
    "\ud800",
    *report(0),
]


def documents(*texts: str) -> pa.Table:
    return pa.table(
        {
            "doc_id": [f"d_{i:016x}" for i in range(len(texts))],
            "source": ["s"] * len(texts),
            "title": pa.array([None] * len(texts), type=pa.string()),
            "text": list(texts),
        }
    )


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=80))
@example("")
@example("\n\n")
def test_sections_tile_the_page_and_runs_quote_it(text: str) -> None:
    sections = cut(text)
    assert sections[0].start == 0
    assert sections[-1].end == len(text)
    assert all(a.end == b.start for a, b in itertools.pairwise(sections))
    for section in sections:
        covered = 0
        gaps = []
        runs = section.clean_map
        for start, place, length in zip(runs[::3], runs[1::3], runs[2::3], strict=True):
            assert length > 0
            assert section.start <= place <= place + length <= section.end
            assert section.clean_text[start : start + length] == text[place : place + length]
            gaps.append(section.clean_text[covered:start])
            covered = start + length
        assert covered == len(section.clean_text)
        assert set("".join(gaps)) <= {"\n", " "}
        assert "\n\n" not in section.clean_text
        assert section.clean_text == section.clean_text.strip()
        assert all(0.0 <= ratio <= 1.0 for ratio in (section.mask_ratio, section.boilerplate_ratio))


def test_a_section_starts_at_its_heading_and_leaves_it_out_of_the_text() -> None:
    text = page([f"## {h}" for h in HEADINGS], separator="\n\n")
    _, *sections = cut(text)
    assert [text[s.start :].split("\n")[0] for s in sections] == [f"## {h}" for h in HEADINGS]
    assert [s.title for s in sections] == HEADINGS
    assert [s.clean_text for s in sections] == ["\n".join(report(k)) for k in range(3)]


def test_the_table_keeps_the_contract() -> None:
    table = cut_documents(
        documents(page(HEADINGS), "", "因检修停电三小时，请各户提前做好准备，敬请谅解。"), TextSettings()
    )
    assert table.schema.equals(SECTIONS, check_metadata=True)
    assert table["kind"].to_pylist() == ["preamble", "report", "report", "report", "junk", "report"]
    assert table["ordinal"].to_pylist() == [0, 1, 2, 3, 0, 0]
    assert table["n_chars"].to_pylist() == [len(t) for t in table["clean_text"].to_pylist()]
    assert cut_documents(documents(), TextSettings()).num_rows == 0


def test_a_page_that_is_one_report_takes_the_title_of_the_page() -> None:
    table = documents("\n".join(report(0))).set_column(2, "title", pa.array(["云溪区政府工作报告"]))
    assert cut_documents(table, TextSettings())["title"].to_pylist() == ["云溪区政府工作报告"]


def test_equal_sections_of_one_page_have_different_ids() -> None:
    text = "\n".join([HEADINGS[0], *report(0), HEADINGS[1], *report(0)])
    table = cut_documents(documents(text, text), TextSettings())
    assert table["content_hash"].to_pylist() == [table["content_hash"][0].as_py()] * 4
    assert len(set(table["section_id"].to_pylist())) == 4


def test_sections_do_not_depend_on_the_order_or_the_neighbours_of_a_page() -> None:
    texts = [page(HEADINGS), page(HEADINGS[:2], separator="\n\n"), "\n".join(report(3))]
    whole = cut_documents(documents(*texts), TextSettings()).to_pylist()
    turned = documents(*texts).take([2, 0, 1])
    again = [row for i in range(3) for row in cut_documents(turned.slice(i, 1), TextSettings()).to_pylist()]
    assert sorted(again, key=lambda r: r["section_id"]) == sorted(whole, key=lambda r: r["section_id"])
