"""Which headings part the reports of a page, and which stay inside a report."""

import pytest

from tests.text_pages import bodies, cut, page, report

NUMERALS = "一二三"
SERIES = {
    "篇 after the title": [f"云溪区政府工作报告篇{n}" for n in NUMERALS],
    "Arabic 篇": [f"云溪区政府工作报告 篇{n}" for n in "123"],
    "full-width digits": [f"云溪区政府工作报告篇{n}" for n in "１２３"],
    "brackets": [f"政府工作报告（篇{n}）" for n in NUMERALS],
    "第 after the title": [f"政府工作报告 第{n}篇" for n in NUMERALS],
    "selected 篇": [f"政府工作报告（精选篇{n}）" for n in "123"],
    "范文": [f"政府工作报告范文{n}" for n in NUMERALS],
    "模板": [f"政府工作报告模板{n}" for n in "123"],
    "Markdown": [f"## 区政府工作报告篇{n}" for n in NUMERALS],
    "Markdown 第": [f"### 第{n}篇：区政府工作报告" for n in NUMERALS],
    "bold": [f"**第{n}篇：区政府工作报告**" for n in NUMERALS],
    "第 before the title": [f"第{n}篇：政府工作报告" for n in NUMERALS],
    "other titles": [
        "第一篇：云溪区2015年政府工作报告",
        "第二篇：松岭县人民政府工作报告",
        "第三篇：白河镇工作报告（代拟稿）",
    ],
    "space for a colon": ["第一篇 云溪区政府工作报告", "第二篇 松岭县政府工作报告", "第三篇 白河镇政府工作报告"],
    "no title": ["第一篇", "第二篇", "第三篇"],
    "篇 in brackets": ["【篇一】云溪区政府工作报告", "【篇二】松岭县政府工作报告", "【篇三】白河镇政府工作报告"],
    "篇 in brackets alone": ["【篇1】", "【篇2】", "【篇3】"],
    "篇 in round brackets": ["（篇一）政府工作报告", "（篇二）政府工作报告", "（篇三）政府工作报告"],
    "篇 and colon": ["篇一：区政府工作报告", "篇二：县政府工作报告", "篇三：镇政府工作报告"],
    "范文 alone": ["范文一", "范文二", "范文三"],
    "numbered": ["1、云溪区政府工作报告", "2、松岭县政府工作报告", "3、白河镇政府工作报告"],
    "number after the title": ["政府工作报告1", "政府工作报告2", "政府工作报告3"],
    "Chinese number after the title": ["区政府工作报告（一）", "区政府工作报告（二）", "区政府工作报告（三）"],
    "star": [f"★第{n}篇：区政府工作报告" for n in NUMERALS],
    "spaced out": [f"第 {n} 篇：区政府工作报告" for n in NUMERALS],
    "subtitle": [f"区政府工作报告篇{n}：201{i}年" for i, n in enumerate(NUMERALS)],
    "from nine to eleven": [f"镇政府工作报告篇{n}" for n in ("九", "十", "十一")],
}
LAYOUTS = {
    "lines": {},
    "empty lines": {"separator": "\n\n"},
    "CRLF": {"separator": "\r\n"},
    "no intro": {"intro": ()},
    "no greeting": {"opening": False},
    "one line": {"separator": "　　"},
    "one line, no intro": {"separator": "　　", "intro": ()},
}


def starts(text: str, headings: list[str]) -> list[int]:
    found, position = [], 0
    for heading in headings:
        position = text.index(heading, position)
        found.append(position)
        position += len(heading)
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("style", SERIES)
def test_a_series_of_headings_parts_the_page(style: str, layout: str) -> None:
    headings = SERIES[style]
    text = page(headings, **LAYOUTS[layout])
    sections = bodies(text)
    assert [s.start for s in sections] == starts(text, headings)
    assert not any(heading in s.clean_text for s in sections for heading in headings)


@pytest.mark.parametrize("style", [style for style in SERIES if style != "subtitle"])
def test_a_heading_glued_to_its_paragraph_is_found_and_taken_off(style: str) -> None:
    headings = SERIES[style]
    text = page(headings, glued=True)
    sections = bodies(text)
    assert [s.start for s in sections] == starts(text, headings)
    assert all(s.clean_text.startswith("各位代表：") for s in sections)


def test_headings_inside_one_endless_line_are_found() -> None:
    text = (
        "".join(report(0))
        + "第二篇：区政府工作报告"
        + "".join(report(1))
        + "第三篇：区政府工作报告"
        + "".join(report(2))
    )
    assert [s.title for s in bodies(text)] == ["", "第二篇：区政府工作报告", "第三篇：区政府工作报告"]


@pytest.mark.parametrize("style", ["篇 after the title", "第 before the title", "Markdown", "brackets"])
def test_a_page_without_any_line_end_is_parted(style: str) -> None:
    text = page(SERIES[style], separator="")
    assert [s.start for s in bodies(text)] == starts(text, SERIES[style])


def test_a_title_among_links_at_the_end_is_no_heading() -> None:
    text = page(SERIES["篇 after the title"]) + "\n相关文章：云溪区政府工作报告篇四 云溪区政府工作报告篇五"
    assert len(bodies(text)) == 3


def test_a_table_of_contents_is_no_series_of_reports() -> None:
    headings = ["第一篇：区政府工作报告", "第二篇：县政府工作报告", "第三篇：镇政府工作报告"]
    text = page(headings, intro=("政府工作报告(精选3篇)", *headings))
    sections = cut(text)
    assert [s.kind for s in sections] == ["preamble", "report", "report", "report"]
    assert sections[1].start == text.index("第一篇", 20 + sum(map(len, headings)) - len(headings[0]))


def test_a_heading_that_stands_twice_is_one_heading() -> None:
    headings = ["第一篇：区政府工作报告", "第二篇：区政府工作报告"]
    text = page([f"{heading}\n{heading}" for heading in headings], intro=())
    sections = bodies(text)
    assert [s.start for s in sections] == [0, text.index(headings[1])]
    assert all(s.clean_text.startswith("各位代表：") for s in sections)


def test_pages_put_together_from_pages_count_twice() -> None:
    headings = ["第一篇：区政府工作报告", "第二篇：区政府工作报告", "第一篇：镇政府工作报告", "第二篇：镇政府工作报告"]
    assert [s.title for s in bodies(page(headings, intro=()))] == headings


def test_headings_of_one_title_need_no_order() -> None:
    headings = [f"第{n}篇：区政府工作报告" for n in ("二", "三", "一")]
    assert [s.title for s in bodies(page(headings, intro=()))] == headings


def test_one_heading_of_another_style_fills_its_gap() -> None:
    headings = ["云溪区政府工作报告篇一", "第二篇：云溪区政府工作报告", "云溪区政府工作报告篇三"]
    assert [s.title for s in bodies(page(headings))] == headings


def test_marks_and_blanks_stay_out_of_titles() -> None:
    assert [s.title for s in bodies(page([f"　## **第{n}篇：区政府工作报告**" for n in NUMERALS]))] == [
        f"第{n}篇：区政府工作报告" for n in NUMERALS
    ]


PARAGRAPH = "全区上下坚持科学发展，狠抓项目建设，经济社会保持平稳较快增长。城乡居民收入稳步提高，社会事业全面进步。" * 5
INSIDE = {
    "one report": report(0),
    "cover lines": [
        "云溪区政府工作报告",
        "（2014年1月8日在云溪区第三届人民代表大会第二次会议上）",
        "区长 林某",
        *report(0),
    ],
    "篇章": ["政府工作报告", *(f"第{n}篇章：产业{x}区\n{PARAGRAPH}" for n, x in zip(NUMERALS, "强立兴", strict=True))],
    "parts": ["政府工作报告", *(f"第{n}部分 工作{x}\n{PARAGRAPH}" for n, x in zip(NUMERALS, "回安保", strict=True))],
    "parts of a plan": [
        "云溪区发展规划纲要",
        *(
            f"第{n}篇 {t}\n第{n}章 形势\n{PARAGRAPH}"
            for n, t in zip(NUMERALS, ("开启新征程", "构建产业体系", "绿色发展"), strict=True)
        ),
    ],
    "parts of a plan with colons": [
        *(f"第{n}篇：{t}\n{PARAGRAPH}" for n, t in zip(NUMERALS, ("少年", "远行", "归来"), strict=True)),
    ],
    "review and plan": [
        f"{n}、{t}\n{PARAGRAPH}"
        for n, t in zip(NUMERALS, ("去年工作总结", "今年工作计划", "政府建设方案"), strict=True)
    ],
    "tasks": [
        f"（{n}）{t}\n{PARAGRAPH}" for n, t in zip(NUMERALS, ("抓好工作总结", "制定工作计划", "听取汇报"), strict=True)
    ],
    "bare brackets": [f"（{n}）\n{PARAGRAPH}" for n in NUMERALS],
    "agenda": ["会议议程", "1、听取政府工作报告", "2、听取法院工作报告", "3、听取检察院工作报告", PARAGRAPH],
    "parts of a book": [f"第{n}篇\n{PARAGRAPH}" for n in NUMERALS],
    "samples": [f"样本{n}\n{PARAGRAPH}" for n in "123"],
    "running text": ["我读了这本书的第一篇，又读了第二篇。", PARAGRAPH, "第三篇文章讲的是生态。", PARAGRAPH],
    "words with the same signs": ["模板一体化施工进展顺利。", "样本3个已经送检。", "范文二字不必多说。", PARAGRAPH],
    "a law": [
        "某法",
        "第一编 总则",
        "第一章 一般规定",
        "第一条 为了规范，制定本法。",
        "第二编 分则",
        "第二条 本法自公布之日起施行。",
    ],
    "English": [
        "Annual report",
        "",
        "Part 1: Review",
        "",
        "The council met ten times.",
        "",
        "Part 2: Plan",
        "",
        "It will meet again.",
    ],
}


@pytest.mark.parametrize("name", INSIDE)
def test_headings_inside_a_text_do_not_split_it(name: str) -> None:
    sections = cut("\n".join(INSIDE[name]), "a title")
    assert [(s.kind, s.title) for s in sections] == [("report", "a title")]


def test_without_the_chinese_profile_nothing_is_split() -> None:
    from dedup.settings import TextSettings
    from dedup.text.sections import cut_text

    assert len(cut_text(page(SERIES["no title"]), None, TextSettings(profile="plain"))) == 1
