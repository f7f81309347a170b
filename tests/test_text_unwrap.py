"""Broken lines are joined, paragraph breaks are kept."""

import random
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.text_pages import clean, cut, report

PARAGRAPHS = [line for k in range(4) for line in report(k)]
SENTENCE_STARTS = "，。、；：！？”）%"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("春耕备耕早谋划、早动手。今年水", "稻插秧比往年提前五天，苗情良好。"),
        ("开通公交线路6条，接待游客人次增", "长18.2%，宾馆床位供不应求。"),
        ("老街改造前后历时三年，从20", "11年动工以来没有停过一天。"),
        ("山区村庄居住分散，不少农户收入来源单", "一、抗灾能力差、看病路远；冬季大雪封山，蔬菜要靠马帮驮运。"),
        ("各村都要落实“三公开、", "一评议、一备案”的办法，账目月月见面。"),
        ("抢抓铁路过境的机遇，牢牢守住两条底线", "（保耕地、保水源），算好长远账，不急于一时。"),
        ("清理沟渠淤泥，秋收前要让沿河九个屯", "(自然村)都用上干净水，告别肩挑背扛。"),
        ("完善台账、巡查、销号、回访制度，着力推进", "隐患清零、责任到人、整改到位。"),
        ("——2012年2月7日在松岭县第六届", "人民代表大会第四次会议上"),
        ("立足果园提质，", "果农增效的需要，更新老旧品种。"),
        ("码头吞吐货物32万吨", "，比上年多出一成，创历史新高。"),
    ],
)
def test_a_line_broken_inside_a_sentence_is_joined(first: str, second: str) -> None:
    before = "一、过去一年的工作\n经济运行总体平稳。\n"
    after = "\n二、今年的主要任务\n坚持稳中求进。\n三、政府自身建设\n依法行政。"
    for separator in ("\n", "\n\n", "\n　　\n"):
        assert first + second in clean(before + first + separator + second + after)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("一、过去一年的工作", "过去一年，我们修路架桥，山里山外都有了新模样。"),
        ("（二）治理河道沟渠，水清岸绿初见成效", "关停沙场十二处，沿岸种下柳树三千株。"),
        ("政府工作报告", "各位代表，现在我代表县人民政府作报告。"),
        ("转变机关工作作风", "面对群众期盼，干部要多走访、少开会，把难题解决在田头。"),
        ("今年要办好以下实事：", "1、新建一所小学；"),
        ("1、新建一所小学；", "2、改造两座桥梁；"),
        ("——山区道路全部硬化", "我们筹措资金，分三期打通了断头路。"),
        ("经济运行平稳。", "社会事业全面进步。"),
        ("根据2009年8月27日第十届代表大会第十次会议通过的决定修正", "2013年6月29日第十二届代表大会第三次会议修订"),
        ("表彰名单见附件（2010年12月23日公布。）", "第四章  附则"),
        ("| 生产总值 | 365 |", "| 财政收入 | 23 |"),
        ("生产总值\t365", "财政收入\t23"),
        ("Annual Report of the Harbour Board", "The board met ten times this year."),
        ("茶叶总产量47", "收回投资，兑现了承诺。"),
    ],
)
def test_a_paragraph_break_is_kept(first: str, second: str) -> None:
    for separator in ("\n", "\n\n", "\r\n"):
        text = clean(
            f"经济运行总体平稳，各项事业稳步发展。{separator}{first}{separator}{second}{separator}大家要继续努力。"
        )
        assert f"{first}\n{second}" in text


@pytest.mark.parametrize("separator", ["\n", "\n\n"])
def test_most_random_breaks_are_joined_and_no_paragraph_is(separator: str) -> None:
    dice = random.Random(7)
    joined = broken = 0
    for _ in range(20):
        lines: list[str] = []
        parted = []
        for paragraph in PARAGRAPHS:
            at = dice.randrange(12, len(paragraph) - 6) if len(paragraph) > 40 and dice.random() < 0.4 else 0
            if at and paragraph[at] not in SENTENCE_STARTS and paragraph[at - 1] not in "。！？；：":
                parted.append(paragraph)
                lines += [paragraph[:at], paragraph[at:]]
            else:
                lines.append(paragraph)
        got = clean(separator.join(lines)).split("\n")
        broken += len(parted)
        joined += sum(paragraph in got for paragraph in parted)
        # Every paragraph that was left alone starts and ends a line.
        assert set(PARAGRAPHS) - set(parted) <= set(got)
    assert broken > 90
    assert joined >= 0.95 * broken


PROSE = [
    "The annual report of the county describes a well-known programme of road repair, which started in March and will "
    "continue until the end of the following year.",
    "It was approved without amendment. The council expects development to continue, and further development of the "
    "harbour is planned.",
    "A third paragraph follows here, and it is long enough to be wrapped two or three times at seventy columns.",
] * 2


@pytest.mark.parametrize("width", [40, 56, 72, 90])
@pytest.mark.parametrize("layout", ["empty lines", "indented"])
def test_english_wrapped_at_a_fixed_width_is_put_together(width: int, layout: str) -> None:
    separator, indent = ("\n\n", "") if layout == "empty lines" else ("\n", "    ")
    text = separator.join(
        "\n".join(textwrap.wrap(p, width, initial_indent=indent, break_on_hyphens=False)) for p in PROSE
    )
    assert clean(text) == "\n".join(PROSE)


@pytest.mark.parametrize("width", [20, 28, 34, 45])
@pytest.mark.parametrize("layout", ["empty lines", "indented", "both"])
def test_chinese_wrapped_at_a_fixed_width_is_put_together(width: int, layout: str) -> None:
    paragraphs = [p for p in PARAGRAPHS if len(p) > 30] * 2
    indent = "　　" if layout != "empty lines" else ""
    separator = "\n" if layout == "indented" else "\n\n"
    wrapped = [indent + p for p in paragraphs]
    text = separator.join("\n".join(p[i : i + width] for i in range(0, len(p), width)) for p in wrapped)
    assert clean(text) == "\n".join(paragraphs)


def test_a_hyphen_goes_only_where_the_text_knows_the_whole_word() -> None:
    text = (
        "The council agreed on the develop-\nment of the port, and development is welcome.\n\n"
        "The town is another well-\nknown case in this county, a well-known one.\n\n"
        "The so called mid-\nterm review was not mentioned again by anybody."
    )
    assert clean(text).split("\n") == [
        "The council agreed on the development of the port, and development is welcome.",
        "The town is another well-known case in this county, a well-known one.",
        "The so called mid-term review was not mentioned again by anybody.",
    ]


def test_a_blank_inside_a_word_goes_and_the_blank_behind_a_heading_stays() -> None:
    text = (
        "会上就汛期值守和物资储备作了分工 协调，以减少内涝为目 标。各乡分工协调，完成三项目标。\n"
        "山村面貌焕然一新 乡亲日子红红火火，茶园翻了一番。第一章 总则如下，张 某到会。"
    )
    got = clean(text)
    assert "分工协调，以减少内涝为目标。" in got
    assert "焕然一新 乡亲日子" in got
    assert "第一章 总则" in got
    assert "张 某到会" in got


@given(
    st.lists(st.sampled_from([*PARAGRAPHS, *PROSE, "", "　", "第二篇", "a-", "“", "（一）", "20", "年"]), max_size=12),
    st.randoms(),
)
def test_joining_never_loses_or_invents_a_character(lines: list[str], dice: random.Random) -> None:
    text = "\n".join(line[: dice.randrange(len(line) + 1)] if dice.random() < 0.3 else line for line in lines)
    for section in cut(text):
        plain = section.clean_text.replace("\n", "").replace(" ", "")
        source = text[section.start : section.end]
        place = 0
        for character in plain:
            place = source.index(character, place) + 1
