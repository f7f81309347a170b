"""Invented pages for the tests of the text stage: places, figures and sentences that no real page holds."""

from __future__ import annotations

from collections.abc import Sequence

from dedup.settings import TextSettings
from dedup.text.sections import Section, cut_text

SETTINGS = TextSettings()
PLACES = ["云溪", "松岭", "白河", "青石", "金滩", "柳泉"]
LEVELS = "区县镇市乡州"
INTRO = ("云溪区政府工作报告(精选3篇)", "下面是小编为大家整理的政府工作报告，希望对大家有所帮助。")


def report(k: int, *, opening: bool = True) -> list[str]:
    """Return the paragraphs of an invented report, another place and other figures for each `k`."""
    place, level = PLACES[k % 6], LEVELS[k % 6]
    head = ["各位代表：", f"现在，我代表{level}人民政府向大会作政府工作报告，请予审议，并请列席人员提出意见。"]
    return [
        *(head if opening else []),
        "一、过去一年的工作",
        f"过去一年，{place}{level}坚持稳中求进，全{level}生产总值达到{37 + k}.{k}亿元，增长{7 + k}%，"
        f"财政收入{3 + k}.2亿元，城乡面貌发生了可喜变化。",
        "（一）产业发展提质增效",
        f"新引进项目{12 + k}个，完成投资{5 + k}亿元，{place}工业园建成标准厂房{k + 2}万平方米，企业达到{40 + k}家。",
        "（二）民生事业持续改善",
        f"新建农村公路{60 + k}公里，改造危房{300 + k}户，{place}中学教学楼投入使用，城镇新增就业{1200 + k}人。",
        "二、今年的主要任务",
        f"今年我{level}经济社会发展的预期目标是：生产总值增长{8 + k}%左右，居民收入与经济同步增长。",
        f"1、抓好{place}现代农业。建设高标准农田{2 + k}万亩，培育合作社{15 + k}家。",
        f"2、抓好城镇建设。实施老旧小区改造{k + 6}个，新增停车位{800 + k}个。",
        f"各位代表，蓝图已经绘就，让我们在{level}委的坚强领导下，为建设美丽{place}而努力奋斗！",
    ]


def page(
    headings: Sequence[str],
    *,
    separator: str = "\n",
    intro: Sequence[str] = INTRO,
    opening: bool = True,
    glued: bool = False,
) -> str:
    """Return a page of invented reports under the given headings."""
    paragraphs = list(intro)
    for k, heading in enumerate(headings):
        body = report(k, opening=opening)
        paragraphs += [heading + body[0], *body[1:]] if glued else [heading, *body]
    return separator.join(paragraphs)


def cut(text: str, title: str | None = None) -> list[Section]:
    """Cut a page with the default settings."""
    return cut_text(text, title, SETTINGS)


def bodies(text: str) -> list[Section]:
    """Return the reports and essays of a page."""
    return [section for section in cut(text) if section.kind in ("report", "essay")]


def clean(text: str) -> str:
    """Return the clean text of a page that is one section."""
    (section,) = cut(text)
    return section.clean_text
