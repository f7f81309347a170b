"""What a person would read on a page is its text; what surrounds it is not, and what the page states is kept."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from dedup.sources.errors import Refused
from dedup.sources.html import declared_charset, read_html
from tests.test_sources_files import read

SENTENCE = "过去一年，全县坚持稳中求进的工作总基调，各项事业取得了新的进展，人民生活继续改善。"


def page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


def text_of(body: str, head: str = "") -> str:
    return read_html(page(body, head)).text


SURROUNDED = f"""
<div class="top-nav"><a href="/">首页</a><a href="/gk">政务公开</a><a href="/fw">办事服务</a></div>
<div class="crumbs">当前位置：<a href="/">首页</a> &gt; <a href="/bg">政府报告</a></div>
<div class="wrap"><div class="article">
  <h1>渡川县政府工作报告</h1>
  <div class="info">发布日期：2016-02-03　来源：县政府办公室　字号：大 中 小</div>
  <div id="content"><p>各位代表：</p><p>　　{SENTENCE}</p><h2>一、主要成绩</h2><p>{SENTENCE}</p>
  <ul><li>新建道路十二公里。</li><li>改造危房一百户。</li></ul><p>{SENTENCE}<br/>　　{SENTENCE}</p></div>
</div>
<div class="sidebar"><h3>相关阅读</h3><ul><li><a href="1">某市政府工作报告范文精选五篇</a></li>
<li><a href="2">某区政府工作报告范文精选三篇</a></li><li><a href="3">某镇工作报告范文</a></li></ul></div></div>
<div class="footer">版权所有：渡川县人民政府办公室　备案号：示例00000000号　<a href="/map">网站地图</a></div>
<script>var tracking = "不是正文";</script><style>p {{ color: red }}</style>
"""


def test_the_article_is_kept_and_its_surroundings_are_not() -> None:
    text = text_of(SURROUNDED)
    for kept in ("各位代表：", "一、主要成绩", "新建道路十二公里。", "改造危房一百户。"):
        assert kept in text.split("\n")
    assert text.count(SENTENCE) == 4
    for dropped in ("首页", "相关阅读", "范文", "版权所有", "网站地图", "不是正文", "color"):
        assert dropped not in text


def test_blocks_are_lines_and_inline_elements_are_not() -> None:
    text = text_of(
        f"<div>{SENTENCE}<span>第一</span><b>部</b>分<a href=x>说明</a>了情况。<br>换行之后{SENTENCE}"
        "<div>新的一段</div>尾声</div>"
    )
    assert text.split("\n") == [f"{SENTENCE}第一部分说明了情况。", f"换行之后{SENTENCE}", "新的一段", "尾声"]


def test_white_space_is_what_a_browser_shows() -> None:
    assert (
        text_of(f"<p>  {SENTENCE}  one \n\t two </p><p>　　行首\n    的空格</p>")
        == f"{SENTENCE} one two\n　　行首的空格"
    )
    assert text_of(f"<p>{SENTENCE}</p><pre>a\n  b\n</pre>") == f"{SENTENCE}\na\n  b"


def test_entities_and_hidden_parts() -> None:
    text = text_of(
        f"<p>{SENTENCE}&lt;甲&gt;&amp;&nbsp;&#26085;&#x6708;</p><p style='display: none'>暗</p><p hidden>藏</p>"
        "<div aria-hidden=true>隐</div><!-- 注 --><noscript>请启用脚本</noscript><template>模</template>"
    )
    assert text == f"{SENTENCE}<甲>&\xa0日月"


def test_pages_laid_out_by_tables_and_forms() -> None:
    nav = "<tr><td><a href=1>首页</a> <a href=2>新闻</a> <a href=3>公开</a></td><td></td></tr>"
    text = text_of(
        f"<form><table>{nav}<tr><td>左</td><td><p>{SENTENCE}</p><p>{SENTENCE * 20}</p></td></tr></table></form>"
    )
    assert text == f"{SENTENCE}\n{SENTENCE * 20}"


def test_tables_of_data_stay_raw_and_stand_in_the_text_row_by_row() -> None:
    table = (
        "<table><caption>表一</caption><tr><th>年份</th><th>产值<br>（亿元）</th></tr>"
        "<tr><td>2014</td><td><p>12.5</p></td></tr></table>"
    )
    layout = f"<table><tr><td>{table}</td></tr><tr><td>{SENTENCE * 3}</td></tr></table>"
    found = read_html(page(f"<div><p>{SENTENCE * 3}</p>{layout}<p>{SENTENCE}</p></div>"))
    assert len(found.tables) == 1
    assert found.tables[0].startswith("<table><caption>")
    assert "年份\t产值 （亿元）\n2014\t12.5" in found.text


def test_prose_in_other_containers_is_not_lost() -> None:
    parts = "".join(f"<section><div>{SENTENCE}{i}</div></section>" for i in range(6))
    assert text_of(f"<main>{parts}</main>").count(SENTENCE) == 6
    assert text_of(f"<div class='comments'><p>{SENTENCE * 9}</p></div><p>短</p>").startswith(SENTENCE)


def test_a_discussion_made_of_comments_is_not_empty() -> None:
    posts = "".join(f"<div class='comment'><p>{SENTENCE}{i}</p></div>" for i in range(12))
    assert text_of(f"<div class='thread'>{posts}</div>").count(SENTENCE) == 12


def test_anchors_to_jump_to_are_no_links() -> None:
    paragraphs = "".join(f"<p><a name='p{i}'>第{i}段，{SENTENCE}</a></p>" for i in range(5))
    assert text_of(paragraphs).count(SENTENCE) == 5


def test_a_page_that_shows_nothing_is_refused() -> None:
    for body in ("", "<div id=app></div><script>render()</script>", "<nav>首页</nav>", "<p>&nbsp; </p>"):
        with pytest.raises(Refused) as caught:
            read_html(page(body))
        assert caught.value.rule == "empty"


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>报告 - 某网</title>", f"<h1>报告</h1><p>{SENTENCE}</p>", "报告"),
        ("<title>县报告_某网</title><meta property='og:title' content='县报告'>", f"<p>{SENTENCE}</p>", "县报告"),
        ("<title>县报告 | 某网</title><meta property='og:site_name' content='某网'>", f"<p>{SENTENCE}</p>", "县报告"),
        ("<title>县报告</title>", f"<h1>某网</h1><p>{SENTENCE}</p>", "县报告"),
        ("", f"<h1>县 报告</h1><p>{SENTENCE}</p>", "县 报告"),
        ("<meta name='ArticleTitle' content='市报告'><title>x</title>", f"<p>{SENTENCE}</p>", "市报告"),
        ("", f"<p>{SENTENCE}</p>", None),
    ],
)
def test_the_title_is_the_one_the_page_repeats(head: str, body: str, title: str | None) -> None:
    assert read_html(page(body, head)).facts.title == title


@pytest.mark.parametrize(
    ("head", "body", "day", "basis"),
    [
        ("<meta property='article:published_time' content='2015-03-02T08:00:00+08:00'>", "", date(2015, 3, 2), "meta"),
        ("<meta name='PubDate' content='2015-03-02 08:00'>", "发布日期：2011-01-01", date(2015, 3, 2), "meta"),
        (
            '<script type="application/ld+json">{"@graph":[{"datePublished":"2015-03-02"}]}</script>',
            "",
            date(2015, 3, 2),
            "meta",
        ),
        ('<script type="application/ld+json">{broken</script>', "", None, "none"),
        ("<meta name='PubDate' content='2015-02-31'>", "", None, "none"),
        ("", "发布时间：2015年3月2日 来源：办公室", date(2015, 3, 2), "text"),
        ("", "时间：2015-03-02 09:30", date(2015, 3, 2), "text"),
        ("", "2015年3月2日在大会上", None, "none"),
    ],
)
def test_the_date_is_the_one_the_page_states(head: str, body: str, day: date | None, basis: str) -> None:
    facts = read_html(page(f"<div>{body}</div><p>{SENTENCE}</p>", head)).facts
    assert (facts.published_at, facts.basis) == (day, basis)


@pytest.mark.parametrize(
    ("head", "body", "publisher"),
    [
        ("<meta property='og:site_name' content='某网'>", "来源：县办", "某网"),
        ("<meta name='ContentSource' content='县政府办'>", "", "县政府办"),
        ("", "来源：县办 时间：2015-01-02", "县办"),
        ('<script type="application/ld+json">{"publisher":{"name":"报社"}}</script>', "", "报社"),
        ('<script type="application/ld+json">{"publisher":"社\\ud83d"}</script>', "", "社\ufffd"),
        ("", "", None),
    ],
)
def test_the_publisher_is_the_one_the_page_states(head: str, body: str, publisher: str | None) -> None:
    assert read_html(page(f"<div>{body}</div><p>{SENTENCE}</p>", head)).facts.publisher == publisher


@pytest.mark.parametrize(
    ("head", "charset"),
    [
        (b"<meta charset=gbk>", "gbk"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=GB2312">', "GB2312"),
        (b'<?xml version="1.0" encoding="big5"?><html>', "big5"),
        (b"<html>", None),
    ],
)
def test_the_declared_charset_is_found(head: bytes, charset: str | None) -> None:
    assert declared_charset(head) == charset


def test_a_page_file_becomes_a_document(tmp_path: Path) -> None:
    html = page(SURROUNDED, "<meta charset=gb2312><title>渡川县政府工作报告_渡川县</title>")
    (tmp_path / "p.html").write_bytes(html.encode("gbk"))
    documents, _ = read(tmp_path)
    row = documents.to_pylist()[0]
    assert (row["format"], row["encoding"], row["title"]) == ("html", "gb18030", "渡川县政府工作报告")
    assert (row["published_at"], row["published_at_basis"], row["publisher"]) == (
        date(2016, 2, 3),
        "text",
        "县政府办公室",
    )
    assert row["n_bytes"] == len(html.encode("gbk"))
    assert row["n_chars"] == len(row["text"]) < len(html)


HOSTILE = {
    "deep nesting": "<div>" * 40_000 + SENTENCE,
    "unclosed formatting": "".join(f"<font color={i}><p>" for i in range(4_000)) + SENTENCE,
    "many attributes": "<p " + " ".join(f"a{i}=1" for i in range(100_000)) + f">{SENTENCE}</p>",
    "entity flood": f"<p>{SENTENCE}</p>" + "&amp;&#x4e00;" * 300_000,
    "angle flood": f"<p>{SENTENCE}</p>" + "<" * 1_000_000,
    "nested tables": "<table><tr><td>" * 5_000 + SENTENCE,
    "giant table": f"<p>{SENTENCE * 50}</p><table>" + "<tr><td>1</td><td>2</td></tr>" * 10_000 + "</table>",
    "unclosed comments": f"<p>{SENTENCE}</p>" + "<!--" * 200_000,
    "links": f"<p>{SENTENCE}</p>" + "<a href=x>y" * 15_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_neither_crash_nor_hang(name: str) -> None:
    started = time.process_time()
    found = read_html(page(HOSTILE[name]))
    assert SENTENCE in found.text
    assert time.process_time() - started < 5
    assert sum(map(len, found.tables)) < 5_000_000


def test_a_page_of_millions_of_elements_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dedup.sources.dom.MAX_NODES", 5_000)
    with pytest.raises(Refused) as caught:
        read_html(page("<p>x" * 10_000))
    assert caught.value.rule == "too_many_elements"


def test_main_text_of_annotated_pages(shared_folder: Path) -> None:
    import html
    import re

    import pyarrow.parquet as pq

    def letters(text: str) -> str:
        return re.sub(r"[\W_]+", "", html.unescape(text))

    path = shared_folder / "corpora" / "html_tables_dev.parquet"
    kept = wanted = leaked = unwanted = 0
    for row in pq.read_table(path, columns=["html", "must_have", "must_not"]).to_pylist():
        text = letters(read_html(row["html"].decode("utf-8", "replace")).text)
        kept += sum(letters(s) in text for s in row["must_have"])
        wanted += len(row["must_have"])
        leaked += sum(letters(s) in text for s in row["must_not"])
        unwanted += len(row["must_not"])
    assert kept >= 0.97 * wanted
    assert leaked <= 0.08 * unwanted
