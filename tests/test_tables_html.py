"""Tables of pages: headers, units, what is data and what lays out, and pages made to break the reader."""

import time

import pyarrow as pa
import pytest

from dedup.extraction.tables import extract_tables, find_tables
from dedup.extraction.tables.headers import Names, name_grid
from dedup.extraction.tables.html import read_table
from dedup.extraction.tables.layout import judge
from dedup.schemas.figures import EXTRACTED_TABLES, TABLE_CELLS
from dedup.sources.html import read_html

PROSE = "澜泊县全年经济平稳运行，各项事业取得新的进步，群众生活继续改善。"


def tables_of(html: str) -> tuple[list[dict], list[dict], str]:
    page = read_html(f"<html><body><div><p>{PROSE * 5}</p>{html}<p>{PROSE * 5}</p></div></body></html>")
    documents = pa.table(
        {
            "doc_id": ["d_1"],
            "text": [page.text],
            "tables_html": pa.array([list(page.tables)], pa.list_(pa.string())),
        }
    )
    sections = pa.table(
        {
            "section_id": ["s_1"],
            "doc_id": ["d_1"],
            "char_start": pa.array([0], pa.int32()),
            "char_end": pa.array([len(page.text)], pa.int32()),
            "kind": ["report"],
        }
    )
    tables, cells = extract_tables(documents, sections)
    assert tables.schema.equals(EXTRACTED_TABLES)
    assert cells.schema.equals(TABLE_CELLS)
    return tables.to_pylist(), cells.to_pylist(), page.text


def named(html: str) -> Names:
    table = read_table(html)
    assert table is not None
    return name_grid(table.grid)


def verdict(html: str) -> str:
    table = read_table(html)
    assert table is not None
    return judge(table.grid, is_presentation=table.is_presentation)


def rows(*lines: str) -> str:
    return "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line.split("|")) + "</tr>" for line in lines)


INDICATORS = (
    "<table><tr><td colspan=6>澜泊县主要经济指标</td></tr><tr><td colspan=6>单位：万元、%</td></tr>"
    "<tr><td rowspan=2>指标</td><td colspan=2>2013年</td><td colspan=2>2012年</td><td rowspan=2>增速</td></tr>"
    "<tr><td>绝对值</td><td>比重（%）</td><td>绝对值</td><td>比重（%）</td></tr>"
    + rows("生产总值|1,234.5|100|1100|100|12.2", "农业|234.5<sup>2</sup>|19|××|—|(2.5)")
    + "<tr><td colspan=6>注：2013年为快报数。</td></tr></table>"
)


def test_two_levels_of_headers_titles_units_notes_and_masks() -> None:
    (table,), cells, text = tables_of(INDICATORS)
    assert table["caption"] == "澜泊县主要经济指标 单位：万元、%"
    assert (table["n_rows"], table["n_columns"]) == (7, 6)
    assert (table["header_rows"], table["header_columns"]) == (4, 1)
    assert (table["origin"], table["html_index"], table["section_id"]) == ("html", 0, "s_1")
    assert text[table["char_start"] : table["char_end"]].startswith("澜泊县主要经济指标\n单位")
    assert text[table["char_start"] : table["char_end"]].endswith("快报数。")
    body = {(c["row_header"], c["column_header"]): c for c in cells if not c["is_header"] and c["value"] is not None}
    assert table["n_numeric"] == len(body) == 8
    assert body["生产总值", "2013年 / 绝对值"]["value"] == 1234.5
    assert body["生产总值", "2013年 / 绝对值"]["unit"] == "万元"
    assert body["生产总值", "2013年 / 比重（%）"]["unit"] == "%"
    assert body["农业", "2013年 / 绝对值"]["text"] == "234.5²"
    assert body["农业", "2013年 / 绝对值"]["value"] == 234.5
    assert (body["农业", "增速"]["value"], body["农业", "增速"]["unit"]) == (-2.5, "%")
    masked = [c for c in cells if c["text"] in ("××", "—")]
    assert [c["value"] for c in masked] == [None, None]
    assert len(cells) == 42
    assert sum(c["is_repeated"] for c in cells) == 5 + 5 + 4 + 5


def test_row_names_take_as_many_columns_as_tell_the_rows_apart() -> None:
    (table,), cells, _ = tables_of(
        "<table><tr><th>乡镇</th><th>村</th><th>户数（户）</th><th>面积/亩</th></tr>"
        "<tr><td rowspan=2>青石乡</td><td>东村</td><td>120</td><td>1.2万</td></tr>"
        "<tr><td>西村</td><td>80</td><td>900</td></tr>"
        "<tr><td rowspan=2>白沙乡</td><td>东村</td><td>60</td><td>700</td></tr>"
        "<tr><td>河村</td><td>90</td><td>20xx</td></tr></table>"
    )
    assert (table["header_rows"], table["header_columns"], table["n_numeric"]) == (1, 2, 7)
    found = {(c["row_header"], c["column_header"]): (c["value"], c["unit"]) for c in cells if not c["is_header"]}
    assert found["青石乡 / 西村", "户数（户）"] == (80, "户")
    assert found["青石乡 / 东村", "面积/亩"] == (1.2, "万亩")
    assert found["白沙乡 / 河村", "面积/亩"] == (None, None)


def test_a_column_of_units_and_a_column_that_counts() -> None:
    (table,), cells, _ = tables_of(
        "<table>"
        + rows(
            "序号|项目|计量单位|目标值|完成值",
            "1|植树造林|亩|5000|5120",
            "2|新建公路|公里|≥35|36.5",
            "3|城镇登记失业率|%|4以内|3.2",
        )
        + "</table>"
    )
    assert (table["header_rows"], table["header_columns"]) == (1, 2)
    found = {(c["row_header"], c["column_header"]): (c["value"], c["unit"]) for c in cells if not c["is_header"]}
    assert found["植树造林", "完成值"] == (5120, "亩")
    assert found["新建公路", "目标值"] == (35, "公里")
    assert found["城镇登记失业率", "完成值"] == (3.2, "%")


def test_years_at_the_top_or_at_the_left_are_headers() -> None:
    top = named("<table>" + rows("年份|2011|2012|2013", "总产值|1.1|1.2|1.3", "人均收入|5600|6100|6900") + "</table>")
    assert (top.header_rows, top.header_columns, top.columns[2]) == (1, 1, "2012")
    left = named(
        "<table>" + rows("年份|总产值|人口", "2011年|1.1|300", "2012年|1.2|310", "2013年|1.3|320") + "</table>"
    )
    assert (left.header_rows, left.header_columns, left.rows[2]) == (1, 1, "2012年")


def test_titles_may_be_years_and_units_may_stand_alone_in_a_row() -> None:
    names = named(
        "<table><tr><td colspan=3>2013年</td></tr>"
        + rows("||单位：万元", "指标|计划|完成", "产值|12|13", "税收|××|—")
        + "</table>"
    )
    assert names.titles == ["2013年", "单位：万元"]
    assert (names.header_rows, names.columns) == (3, ["指标", "计划", "完成"])


def test_masked_rows_below_groups_are_no_headers() -> None:
    names = named(
        "<table><tr><td>乡镇</td><td colspan=2>产值</td></tr>" + rows("青石乡|××|—", "白沙乡|1.5|2.5") + "</table>"
    )
    assert (names.header_rows, names.rows[1]) == (1, "青石乡")


def test_a_table_without_a_header_row_has_none() -> None:
    names = named("<table>" + rows("总产值|12.5亿元", "财政收入|1.5亿元", "人口|3.2万人") + "</table>")
    assert (names.header_rows, names.header_columns, names.rows[1]) == (0, 1, "财政收入")
    facts = named("<table>" + rows("驻地：|河口村", "设立：|1984", "网址：|a.example/2") + "</table>")
    assert facts.header_rows == 0


def test_bold_rows_and_heads_are_headers() -> None:
    bold = named(
        "<table><tr><td><b>村</b></td><td><p><strong>评级</strong></p></td></tr>"
        + rows("东村|甲", "西村|乙", "河村|丙")
        + "</table>"
    )
    assert bold.header_rows == 1
    head = named(
        "<table><thead><tr><td>村</td><td>10%</td></tr></thead><tbody>" + rows("东村|1", "西村|2") + "</tbody></table>"
    )
    assert (head.header_rows, head.columns) == (1, ["村", "10%"])


def test_rows_that_one_cell_fills_name_the_rows_below_them() -> None:
    names = named(
        "<table>"
        + rows("指标|数值", "总产值|12")
        + "<tr><td colspan=2>社会事业</td></tr>"
        + rows("学校|3", "医院|2")
        + "<tr><td colspan=2>民政</td></tr>"
        + rows("敬老院|1")
        + "</table>"
    )
    assert names.rows == ["", "总产值", "社会事业", "社会事业 / 学校", "社会事业 / 医院", "民政", "民政 / 敬老院"]
    assert names.group_rows == {2, 5}


def test_captions_stand_in_the_table_or_right_above_it() -> None:
    table = (
        "<table><caption>各乡镇人口</caption>"
        + rows("乡镇|人口", "青石乡|8100", "白沙乡|5022", "河口乡|433")
        + "</table>"
    )
    (found,), _, _ = tables_of("<p>表3　人口与面积</p><p>（单位：人）</p>" + table)
    assert found["caption"] == "表3　人口与面积 （单位：人） 各乡镇人口"
    (found,), _, _ = tables_of("<p>这是一句话，与表无关。</p>" + table)
    assert found["caption"] == "各乡镇人口"


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("<table>" + rows("甲|1", "乙|2", "丙|3") + "</table>", "data"),
        ("<table role=presentation>" + rows("甲|1", "乙|2", "丙|3") + "</table>", "presentation"),
        ("<table>" + rows("1", "2", "3") + "</table>", "too_small"),
        ("<table>" + rows("甲|1", "乙|2") + "</table>", "too_small"),
        ("<table>" + rows("|甲|乙|丙", "产值|1|2|3") + "</table>", "data"),
        ("<table>" + rows("栏目|正文", f"2013年|{PROSE * 60}", "1|2") + "</table>", "articles"),
        ("<table>" + rows("首页|新闻", f"导航|{PROSE * 9}2013", "1|2") + "</table>", "articles"),
        ("<table>" + rows("姓名|<input>", "电话|<input value=1>", "验证码 1234|<input>") + "</table>", "form"),
        ("<table>" + rows("甲|一等", "乙|二等", "丙|三等") + "</table>", "words"),
        ("<table>" + rows(*[f"<a href=x>关于印发通知{i}号</a>|2013-02-0{i}" for i in (1, 2, 3)]) + "</table>", "links"),
        ("<table>" + rows(*[f"<a href=x>青石乡</a>|{i}500|2013-02-0{i}" for i in (1, 2, 3)]) + "</table>", "data"),
    ],
)
def test_tables_of_data_are_told_from_others(html: str, why: str) -> None:
    assert verdict(html) == why


def test_only_innermost_tables_are_data_and_hidden_ones_are_not_lost() -> None:
    inner = "<table>" + rows("乡镇|人口", "青石乡|8100", "白沙乡|5022") + "</table>"
    other = inner.replace("青石", "河口")
    outer = "<tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr>"
    nested = f"<table><tr><td>左栏</td><td>{inner}</td></tr>{outer}</table>"
    tables, cells, _ = tables_of(nested + f"<div style='display:none'><div>{other}</div></div>")
    assert [t["html_index"] for t in tables] == [0, 1]
    assert [t["char_start"] is None for t in tables] == [False, True]
    assert tables[1]["section_id"] is None
    assert {c["row_header"] for c in cells} == {"", "青石乡", "白沙乡", "河口乡"}


def test_equal_tables_have_ids_and_places_of_their_own() -> None:
    table = "<table>" + rows("乡镇|人口", "青石乡|8100", "白沙乡|5022") + "</table>"
    tables, _, text = tables_of(table + f"<p>{PROSE}</p>" + table)
    assert len({t["table_id"] for t in tables}) == 2
    assert tables[0]["char_end"] < tables[1]["char_start"]
    assert (
        text[tables[0]["char_start"] : tables[0]["char_end"]] == text[tables[1]["char_start"] : tables[1]["char_end"]]
    )


def test_what_a_cell_hides_is_not_read() -> None:
    _, cells, text = tables_of(
        "<table>"
        + rows("乡镇|人口", "青石乡|<span style='display:none'>00008100</span>8,100", "白沙乡|5022<script>9</script>")
        + "</table>"
    )
    assert [c["value"] for c in cells if c["value"] is not None] == [8100, 5022]
    assert "00008100" not in text


def test_a_bomb_is_left_out_and_counted_and_its_page_is_not_lost() -> None:
    good = "<table>" + rows("乡镇|人口", "青石乡|8100", "白沙乡|5022") + "</table>"
    bomb = "<table>" + ("<tr>" + "<td colspan=1000>1</td>" * 60 + "</tr>") * 60 + "</table>"
    found = find_tables(
        pa.table({"doc_id": ["d_1"], "text": [""], "tables_html": pa.array([[bomb, "", good]], pa.list_(pa.string()))}),
        pa.table(
            {
                n: pa.array([], t)
                for n, t in (
                    ("section_id", pa.string()),
                    ("doc_id", pa.string()),
                    ("char_start", pa.int32()),
                    ("char_end", pa.int32()),
                )
            }
        ),
    )
    assert found.left_out == {"too_many_slots": 1, "too_many_characters": 1}
    assert found.tables["html_index"].to_pylist() == [2]


@pytest.mark.parametrize(
    "html",
    [
        "<table>" + "<tr><td>1<td>2" * 8_000 + "</table>",
        "<table><tr><td>1</td><td>2</td></tr></table>" * 4_000,
        "<table><tr><td>" + "<div>" * 12_000 + "1<td>2<tr><td>3<td>4<tr><td>5<td>6</table>",
        "<table><tr><td>" * 3_000 + "1",
        "<table><tr>" + "<td rowspan=65534 colspan=1000>1&amp;&#x4e00;" * 2_000 + "</table>",
        "<table>" + "<tr><th>一<th>二" * 4_000 + "<tr><td>1<td>2</table>",
        "<table><tr><td>" + "&#x10ffff;&zwj;" * 50_000 + "<td>1<tr><td>2<td>3<tr><td>4<td>5</table>",
        "<table><thead>" * 500 + "<tr><td>1",
        "<table>" + "".join(f"<tr><td>词{i % 7}<td>词{i % 5}<td>词{i % 3}<td>词<td>词<td>{i}" for i in range(4_000)),
    ],
    ids=["unclosed", "many", "deep cell", "nested", "spans", "all headers", "entities", "heads", "names"],
)
def test_hostile_tables_neither_crash_nor_hang(html: str) -> None:
    started = time.process_time()
    tables_of(html)
    assert time.process_time() - started < 12
