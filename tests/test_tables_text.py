"""Tables in plain text: Markdown, tabs, boxes, commas and blanks; prose is never one."""

import re
import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.extraction.tables import extract_tables
from dedup.extraction.tables.markdown import is_delimiter_row, split_row
from dedup.extraction.tables.text_tables import find_text_tables

BEFORE = "全县上下共同努力，各项工作取得新的成绩。\n"
AFTER = "\n下一步，要继续做好各项工作。"


def tables_of(text: str, tables_html: tuple[str, ...] = ()) -> tuple[list[dict], list[dict]]:
    half = len(text) // 2
    tables, cells = extract_tables(
        pa.table(
            {
                "doc_id": ["d_1"],
                "text": [text],
                "tables_html": pa.array([list(tables_html)], pa.list_(pa.string())),
            }
        ),
        pa.table(
            {
                "section_id": ["s_1", "s_2"],
                "doc_id": ["d_1"] * 2,
                "char_start": [0, half],
                "char_end": [half, len(text)],
            }
        ),
    )
    return tables.to_pylist(), cells.to_pylist()


def figures(cells: list[dict]) -> dict[tuple[str, str], tuple[float, str | None]]:
    return {(c["row_header"], c["column_header"]): (c["value"], c["unit"]) for c in cells if c["value"] is not None}


TABLES = {
    "markdown": (
        "markdown",
        "| 指标 | 2012年（亿元） | 增长（%） |\n|:---|---:|:-:|\n| 生产总值 | 1,215.57 | 1.1 |\n"
        "| 财政收入 | (5.6) | ×× |",
        {("生产总值", "2012年（亿元）"): (1215.57, "亿元"), ("生产总值", "增长（%）"): (1.1, "%")}
        | {("财政收入", "2012年（亿元）"): (-5.6, "亿元")},
    ),
    "tabs": (
        "delimited",
        "指标\t绝对值（亿元）\t比上年±%\n生产总值\t12.5\t9.1\n财政收入\t1.25\t-2.3\n投资\t8.88\t—",
        {("生产总值", "绝对值（亿元）"): (12.5, "亿元"), ("财政收入", "比上年±%"): (-2.3, "%")},
    ),
    "box": (
        "delimited",
        "┌───┬───┬───┐\n│指标　│2012年│2013年│\n├───┼───┼───┤\n│产值　│１．５│２．５│\n"
        "│人口　│3　　 │4　　 │\n└───┴───┴───┘",
        {("产值", "2012年"): (1.5, None), ("人口", "2013年"): (4, None)},
    ),
    "ascii box": (
        "delimited",
        "+------+------+\n| 村   | 人口 |\n+======+======+\n| 东村 | 120  |\n"
        "+------+------+\n| 西村 | 80   |\n+------+------+\n"
        "| 河村 | 95   |\n+------+------+",
        {("东村", "人口"): (120, None), ("河村", "人口"): (95, None)},
    ),
    "full-width pipes": (
        "delimited",
        "村｜户数（户）\n东村｜120\n西村｜80\n河村｜95",
        {("东村", "户数（户）"): (120, "户"), ("河村", "户数（户）"): (95, "户")},
    ),
    "commas": (
        "delimited",
        '项目,2011,2012,2013\n产值,"1,100",2,3\n人口,4,5,6\n户数,7,8,9',
        {("产值", "2011"): (1100, None), ("人口", "2013"): (6, None)},
    ),
    "aligned": (
        "aligned",
        "乡镇        产值（万元）   人口\n城关镇            1250    32000\n"
        "青石乡             830     8100\n白沙乡             415     5022",
        {("城关镇", "产值（万元）"): (1250, "万元"), ("白沙乡", "人口"): (5022, None)},
    ),
    "aligned, two levels": (
        "aligned",
        "              2012年           2013年\n乡镇      产值   人口    产值   人口\n"
        "城关镇    1250   32000   1300   32100\n"
        "青石乡     830    8100           8200\n白沙乡     415    5022    433    5050",
        {("城关镇", "2012年 / 产值"): (1250, None), ("青石乡", "2013年 / 人口"): (8200, None)},
    ),
    "ideographic blanks": (
        "aligned",
        "村　　户数　　人口\n东村　120　　400\n西村　80　　　310\n河村　95　　　333",
        {("东村", "户数"): (120, None), ("河村", "人口"): (333, None)},
    ),
    "no header": (
        "aligned",
        "2011年    1.5亿元\n2012年    1.8亿元\n2013年    2.5亿元",
        {("2011年", ""): (1.5, "亿元"), ("2013年", ""): (2.5, "亿元")},
    ),
    "prices": (
        "aligned",
        "品名    价格        涨跌\n白菜    1.2元/斤    -0.1\n萝卜    0.8元/斤    —\n土豆    1.5元/斤    0.2",
        {("白菜", "价格"): (1.2, "元/斤"), ("土豆", "涨跌"): (0.2, None)},
    ),
    "blanks out of line": (
        "aligned",
        "指标  绝对值（亿元）  增长（%）\n地区生产总值  12.5  9.1\n财政  1.25  2\n固定资产投资总额  8.8  11",
        {("财政", "绝对值（亿元）"): (1.25, "亿元"), ("固定资产投资总额", "增长（%）"): (11, "%")},
    ),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tables_are_read_and_quoted_exactly(name: str, end: str) -> None:
    origin, written, expected = TABLES[name]
    written = written.replace("\n", end)
    text = BEFORE + written + AFTER
    (table,), cells = tables_of(text)
    assert table["origin"] == origin
    assert text[table["char_start"] : table["char_end"]].strip() == written.strip()
    assert (table["html_index"], table["section_id"]) == (None, "s_1")
    found = figures(cells)
    assert expected.items() <= found.items()
    assert table["n_numeric"] == len(found)


def test_lines_that_lost_their_empty_cells_at_the_end_are_rows() -> None:
    _, cells = tables_of(f"{BEFORE}指标\t2012年\t2013年\n产值\t1.5\t2\n人口\t3\n户数\t\t4\n学校\t5\t6{AFTER}")
    assert figures(cells) == {("产值", "2012年"): (1.5, None), ("产值", "2013年"): (2, None)} | {
        ("人口", "2012年"): (3, None),
        ("户数", "2013年"): (4, None),
        ("学校", "2012年"): (5, None),
        ("学校", "2013年"): (6, None),
    }


def test_title_and_unit_lines_above_a_table_are_its_caption() -> None:
    rows = "指标\t绝对值\t增长\n产值\t12.5\t9.1\n财政\t1.2\t-2.3\n投资\t8\t—"
    text = f"{BEFORE}表2　2013年主要指标\n单位：亿元、%\n{rows}{AFTER}"
    (table,), cells = tables_of(text)
    assert table["caption"] == "表2　2013年主要指标 单位：亿元、%"
    assert figures(cells)["产值", "绝对值"] == (12.5, "亿元")
    assert figures(cells)["财政", "增长"] == (-2.3, "%")
    assert text[table["char_start"]] == "指"


def test_rows_that_take_several_lines_of_a_box_are_one() -> None:
    box = (
        "┌────┬────┐\n│指标　　│数值　　│\n├────┼────┤\n│地区生产│12.5　　│\n│总值　　│　　　　│\n├────┼────┤\n"
        "│财政收入│1.2　　 │\n├────┼────┤\n│人口　　│3　　　 │\n└────┴────┘"
    )
    _, cells = tables_of(BEFORE + box + AFTER)
    assert figures(cells) == {("地区生产总值", "数值"): (12.5, None), ("财政收入", "数值"): (1.2, None)} | {
        ("人口", "数值"): (3, None)
    }


def test_a_table_in_the_html_and_in_the_text_is_one() -> None:
    rows = "".join(f"<tr><td>{a}<td>{b}" for a, b in (("村", "人口"), ("东村", 120), ("西村", 80)))
    html = f"<table>{rows}</table>"
    for written in ("村\t人口\n东村\t120\n西村\t80", "| 村 | 人口 |\n|---|---|\n| 东村 | 120 |\n| 西村 | 80 |"):
        text = BEFORE + written + AFTER
        (table,), _ = tables_of(text, (html,))
        assert (table["origin"], table["html_index"]) == ("html", 0)
        assert text[table["char_start"] : table["char_end"]] == written


def test_ids_depend_on_document_and_content_only() -> None:
    written = TABLES["tabs"][1]
    once, _ = tables_of(BEFORE + written + AFTER)
    moved, _ = tables_of(BEFORE * 3 + written + AFTER)
    twice, _ = tables_of(f"{written}\n\n{written}")
    assert once[0]["table_id"] == moved[0]["table_id"] == twice[0]["table_id"] != twice[1]["table_id"]
    assert [t["ordinal"] for t in twice] == [0, 1]
    assert re.fullmatch("b_[0-9a-f]{16}", once[0]["table_id"])


plain_cells = st.text(alphabet="甲乙丙丁ab 12.|—%（）", max_size=6).map(lambda t: " ".join(t.split()))


@given(st.lists(st.lists(plain_cells, min_size=3, max_size=3), min_size=2, max_size=6), st.booleans())
def test_markdown_is_read_back_as_it_was_written(grid: list[list[str]], outer: bool) -> None:
    rows = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in grid]
    lines = [f"| {row} |" for row in rows]
    if outer or not all(row[0] and row[-1] for row in grid):
        rows = lines
    assert [split_row(row) for row in rows] == grid
    text = "\n".join([rows[0], "|---|:-:|--:|", *rows[1:]])
    for table in find_text_tables(text):
        assert table.origin == "markdown"
        assert [[table.grid.text(y, x) for x in range(3)] for y in range(len(grid))] == grid


def test_rows_of_markdown_are_filled_or_cut_to_the_header() -> None:
    _, cells = tables_of("村|人口|户数\n-|-|-\n东村|120\n西村|80|9|多\n河村|1|2\n不是表")
    assert {(c["row_index"], c["col_index"]): c["text"] for c in cells}[1, 2] == ""
    assert "多" not in {c["text"] for c in cells}
    assert max(c["row_index"] for c in cells) == 3


def test_delimiter_rows() -> None:
    assert all(map(is_delimiter_row, ["|---|", "--|:-:", " | :--- | ---: | "]))
    assert not any(map(is_delimiter_row, ["---", "|", "|--|a|", "| - - |", "||"]))


clause = st.sampled_from(
    [
        "生产总值达到{}亿元",
        "增长{}%",
        "财政收入{}万元",
        "全镇有{}户",
        "（{}）抓好生产",
        "投资{}万元建桥{}座",
        "第{}、",
        "{}年来",
    ]
)
mark = st.sampled_from(["，", "、", "；", "：", "，其中", " ", "  ", "——", ","])


@st.composite
def prose(draw: st.DrawFn) -> str:
    lines = []
    for _ in range(draw(st.integers(3, 8))):
        parts = []
        for _ in range(draw(st.integers(2, 7))):
            numbers = [draw(st.integers(1, 9999)) for _ in range(2)]
            parts.append(draw(clause).format(*numbers) + draw(mark))
        lines.append(draw(st.sampled_from(["　　", "", "  "])) + "".join(parts) + "继续巩固。")
    return "\n".join(lines)


@given(prose())
@settings(max_examples=150)
def test_prose_is_never_a_table(text: str) -> None:
    assert find_text_tables(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "目录\n第一章　总则……………1\n第二章　机构……………5\n第三章　附则……………9",
        "1  抓好春耕生产\n2  抓好植树造林\n3  抓好道路建设\n4  抓好安全生产",
        "首页 | 新闻 | 公开 | 2013\n首页 | 新闻 | 公开 | 2014\n首页 | 新闻 | 公开 | 2015",
        "一、增产12%，增收9%，增绿300亩\n二、增产2%，增收19%，增绿30亩\n三、增产1%，增收99%，增绿3亩",
        "县长：　　　　　　年　月　日\n书记：　　　　　　年　月　日\n局长：　　　　　　年　月　日",
        "12\t34",
        "上一页  1  2  3  下一页\n" * 4,
        "办公室  0751-8888888  8:00-17:00\n财政所  0751-8888889  8:00-17:00\n民政所  0751-8888887  8:00-17:00",
        "第一节\t春耕\n第二节\t植树\n第三节\t修路",
        "2011  2012  2013",
        "甲,乙,丙,丁\n戊,己,庚,辛\n壬,癸,子,丑",
        "We sold 12 units, 13 boxes, 4 carts, and more in May.\n" * 4,
    ],
)
def test_what_merely_looks_like_a_table_is_none(text: str) -> None:
    assert tables_of(BEFORE + text + AFTER)[0] == []


@pytest.mark.parametrize(
    "text",
    [
        "|" * 200_000,
        "|-" * 100_000,
        ("a|b\n-|-\n" + "1|2\n" * 5) * 1_500,
        "\t" * 300_000,
        "1\t2\n" * 25_000,
        "1  2  " * 50_000,
        "1  22  3\n" * 12_000,
        "," * 300_000,
        "1,2,3,4\n" * 12_000,
        ('"' + "," * 2_000 + "\n") * 100,
        "─│" * 100_000,
        "　" * 300_000,
        "甲　　1\n\n" * 30_000,
    ],
    ids=lambda text: repr(text[:9]),
)
def test_hostile_texts_neither_crash_nor_hang(text: str) -> None:
    started = time.process_time()
    tables_of(text)
    assert time.process_time() - started < 8
