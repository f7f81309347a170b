"""Which tables of a page are kept as evidence: all innermost ones in order, within limits."""

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.sources.html import read_html
from tests.test_sources_files import read

PROSE = "<p>" + "澜泊县全年经济平稳运行，各项事业取得新的进步，群众生活继续改善。" * 5 + "</p>"


def table(name: str) -> str:
    return f"<table><tr><td>{name}</td><td>人口</td></tr><tr><td>东村</td><td>120</td></tr></table>"


def kept(html: str) -> list[str]:
    found = read_html(f"<html><body>{PROSE}{html}{PROSE}</body></html>").tables
    return [html.split("<td>")[1].split("</td>")[0] if html else "" for html in found]


def test_tables_of_all_parts_are_kept_in_the_order_of_the_page() -> None:
    assert kept(
        f"<nav>{table('一')}</nav><div hidden><div>{table('二')}</div>{table('三')}</div>"
        f"<noscript>{table('四')}</noscript><main>{table('五')}</main>"
        f"<dialog>{table('六')}</dialog><div aria-hidden=true>{table('七')}</div>"
        f"<aside class=sidebar>{table('八')}</aside><template>{table('无')}</template><script>'{table('无')}'</script>"
        f"<footer>{table('九')}</footer>{table('十').replace('<table', '<table style=display:none')}"
    ) == list("一二三四五六七八九十")


def test_only_innermost_tables_with_rows_and_columns_are_kept() -> None:
    rows = [f"<tr><td>外</td><td><div>{table(name)}</div></td></tr>" for name in "甲乙"]
    assert kept(f"<table>{''.join(rows)}</table>") == ["甲", "乙"]
    assert kept("<table><tr><td>一行</td><td>1</td></tr></table>") == []
    assert kept("<table><tr><td>一列</td></tr><tr><td>1</td></tr></table>") == []


def test_hidden_tables_are_not_in_the_text_and_visible_ones_are() -> None:
    page = read_html(f"<body>{PROSE}{table('明')}<div style='display:none'>{table('暗')}</div>{PROSE}</body>")
    assert "明\t人口\n东村\t120" in page.text
    assert "暗" not in page.text
    assert len(page.tables) == 2


def test_what_is_beyond_the_limits_leaves_an_empty_place(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(read_html(PROSE + table("甲")).tables[0])
    monkeypatch.setattr("dedup.sources.page_tables.MAX_TABLE_CHARS", size)
    monkeypatch.setattr("dedup.sources.page_tables.MAX_TABLES_CHARS", 2 * size)
    assert kept(table("甲") + table("太长的表") + table("乙") + table("丙")) == ["甲", "", "乙", ""]


@pytest.mark.parametrize(
    "html",
    ["<table><tr><td>" * 4_000 + "1", "<div hidden>" + "<table><tr><td>" * 4_000 + "1", table("甲") * 10_000],
    ids=["nested", "nested and hidden", "many"],
)
def test_looking_for_tables_takes_time_in_proportion(html: str) -> None:
    started = time.process_time()
    read_html(f"<body>{PROSE}{html}</body>")
    assert time.process_time() - started < 8


def test_records_with_html_keep_the_tables_of_their_page(tmp_path: Path) -> None:
    pages = [f"<body>{PROSE}{table(name)}<div hidden>{table('暗')}</div></body>" for name in "甲乙"]
    columns = {"id": ["1", "2"], "text": ["各位代表，现在报告工作。", None], "html": [page.encode() for page in pages]}
    pq.write_table(pa.table(columns), tmp_path / "p.parquet")
    documents, _ = read(tmp_path)
    tables = documents["tables_html"].to_pylist()
    assert [[html.split("<td>")[1][0] for html in page] for page in tables] == [["甲", "暗"], ["乙", "暗"]]
    assert documents["text"].to_pylist()[0] == "各位代表，现在报告工作。"
