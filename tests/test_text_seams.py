"""A heading is missing: where the page is cut, and where it is left whole."""

from tests.text_pages import bodies, cut, report


def lines(*parts: list[str]) -> str:
    return "\n".join(line for part in parts for line in part)


def test_a_report_that_ends_and_one_that_opens_are_parted_where_a_number_is_missing() -> None:
    text = lines(["区政府工作报告篇一"], report(0), report(1), ["区政府工作报告篇三"], report(2))
    sections = bodies(text)
    assert [s.title for s in sections] == ["区政府工作报告篇一", "", "区政府工作报告篇三"]
    assert sections[1].clean_text.startswith("各位代表：\n现在，我代表县人民政府")
    assert "opening formula" in sections[1].kind_reason


def test_a_cut_sentence_before_another_place_and_level_is_a_seam() -> None:
    first, second = report(0), report(1, opening=False)
    first = [*first[:-1], first[-1][:20]]
    start = "今年以来的实践告诉我们，路通了，人心才通；水清了，日子才清，这条路子要一直走下去。"
    text = lines(["第一篇：区政府工作报告"], first, [" " + start], second[3:], ["第三篇：区政府工作报告"], report(2))
    sections = bodies(text)
    assert len(sections) == 3
    assert sections[1].clean_text.startswith(start)
    assert sections[0].completeness == "no_tail"
    assert sections[1].completeness == "no_head"


def test_the_same_text_is_left_whole_where_no_number_is_missing() -> None:
    text = lines(["区政府工作报告篇一"], report(0), report(1), ["区政府工作报告篇二"], report(2))
    assert len(bodies(text)) == 2


def test_the_last_heading_may_be_missing_without_a_gap() -> None:
    parts = (["区政府工作报告篇一"], report(0), ["区政府工作报告篇二"], report(1))
    assert len(bodies(lines(*parts, report(2)))) == 3
    assert len(bodies(lines(*parts, report(2, opening=False)))) == 2


def test_a_closing_and_a_blank_part_a_comment_from_the_report_before_it() -> None:
    comment = [" 身边的变化就是最好的答卷。听了报告，我觉得句句实在，读着踏实。", "我希望多听听种田人的话。" * 20]
    text = lines(["区政府工作报告篇一"], report(0), comment, ["区政府工作报告篇三"], report(2))
    assert [s.kind for s in bodies(text)] == ["report", "essay", "report"]


def test_a_broken_line_in_the_gap_is_no_seam() -> None:
    body = report(0)
    body[3:4] = [body[3][:30], body[3][30:]]
    text = lines(["区政府工作报告篇一"], body, ["区政府工作报告篇三"], report(2))
    assert len(bodies(text)) == 2


def test_cover_lines_belong_to_the_report_they_open() -> None:
    cover = ["松岭县政府工作报告", "——2012年1月9日在松岭县第九届人民代表大会第一次会议上"]
    text = lines(["区政府工作报告篇一"], report(0), cover, report(1), ["区政府工作报告篇三"], report(2))
    assert bodies(text)[1].clean_text.startswith(cover[0])


def test_a_page_that_starts_at_two_starts_with_a_report() -> None:
    intro = ["政府工作报告(通用3篇)", "下面是小编为大家整理的政府工作报告，欢迎阅读。"]
    text = lines(intro, report(0), ["区政府工作报告篇二"], report(1), ["区政府工作报告篇三"], report(2))
    assert [(s.kind, s.title) for s in cut(text)] == [
        ("preamble", ""),
        ("report", ""),
        ("report", "区政府工作报告篇二"),
        ("report", "区政府工作报告篇三"),
    ]


def test_the_count_in_the_title_asks_for_one_more() -> None:
    parts = (["区政府工作报告篇一"], report(0), ["区政府工作报告篇二"], report(1), report(2))
    assert len(bodies(lines(["政府工作报告(通用3篇)"], *parts))) == 3
    assert len(bodies(lines(["政府工作报告(通用2篇)"], *parts))) == 2
