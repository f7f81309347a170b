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
        ("坚持以项目建设统领全局。全年粮", "食播种面积达到三万亩，产量稳中有升。"),
        ("新增就业1200人，财政收入增", "长13.5%，居民收入稳步提高。"),
        ("过去五年，我们始终把教育放在优先位置，从20", "09年起免除了全部学杂费。"),
        ("我区正处于转型期，工业企业结构单", "一、附加值低、创新能力不强；第三产业比重偏低，高新技术产业规模不大。"),
        ("要严格执行“五取消、", "一稳定、一改革”的规定，减轻农民负担。"),
        ("扎实推进各项重点工作，紧紧围绕一个目标", "（创品牌、进十强），突出两个重点，努力开创新局面。"),
        ("整治村容村貌，年内争取全镇十一个村", "(社区)全部建成示范村，环境卫生明显改善。"),
        ("着力提升公信力、执行力、服务力，努力实现", "政府清廉、干部清正、政治清明。"),
        ("——2012年3月2日在松岭县第二届", "人民代表大会第三次会议上"),
        ("围绕农业增效，", "农民增收的目标，优化种植结构。"),
        ("完成投资5亿元", "，比上年增长一成，创历史新高。"),
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
        ("一、过去一年的工作", "过去一年，我们迎难而上，各项工作取得新的成绩。"),
        ("（二）注重统筹推进，城乡面貌深刻变化", "坚持规划引领，实施了一批基础设施项目。"),
        ("政府工作报告", "各位代表，现在我代表县人民政府作报告。"),
        ("加强和改进政府自身建设", "面对新的形势，必须牢固树立服务意识，改进工作作风。"),
        ("今年要办好以下实事：", "1、新建一所小学；"),
        ("1、新建一所小学；", "2、改造两座桥梁；"),
        ("——基础设施建设成就显著", "我们集中力量建成了一批重大项目。"),
        ("经济运行平稳。", "社会事业全面进步。"),
        (
            "根据2009年8月27日第十届人民代表大会第十次会议通过的决定修正",
            "2013年6月29日第十二届人民代表大会第三次会议修订",
        ),
        ("表彰名单见附件（2010年12月23日公布。）", "第四章  附则"),
        ("| 生产总值 | 365 |", "| 财政收入 | 23 |"),
        ("生产总值\t365", "财政收入\t23"),
        ("Annual Report of the Harbour Board", "The board met ten times this year."),
        ("粮食总产量47", "收回投资，兑现了承诺。"),
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
        "对明年的重点工作进行了安排 部署，以降低发案率为目 标。我们安排部署了三项目标。\n"
        "综合实力明显增强 经济实力日益壮大，财政收入翻番。第一章 总则如下，张 某到会。"
    )
    got = clean(text)
    assert "安排部署，以降低发案率为目标。" in got
    assert "明显增强 经济实力" in got
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
