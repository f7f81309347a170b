"""Is a section a report, or something written about one? Weighed from the body; headings lie."""

from __future__ import annotations

import re

#: An essay needs this much, and this much more than speaks for a report.
ESSAY = 3.5
MARGIN = 1.0
#: Head and tail of a text in which formulae are looked for.
HEAD = 800
TAIL = 300
#: A longer text is judged by so much of its beginning, and its end.
SAMPLE = 6000

#: Without one of these nobody speaks for himself, and a text is no essay.
_PERSONAL = frozenset(
    (
        "says I",
        "gives opinions of its own",
        "judges a report",
        "ends as a speech",
        "speaks of school and family",
        "collects reactions",
    )
)
_PRESENTS = re.compile(
    r"我(?:谨|受[^。]{2,20})?代表[^。]{2,30}(?:向|作|报告)|(?:向大会|向各位|向会议|向主席团|向.{2,12}代表大会)[^。]{0,12}(?:报告|汇报)|请予?审议|请.{0,20}提出(?:宝贵)?意见"
)
_DELEGATES = re.compile(r"各位代表[，：:！!。,]")
_GOALS = re.compile(r"预期目标|指导思想|主要目标|总体要求|目标任务|工作思路|重点抓好|主要任务|工作安排")
_FIGURE = re.compile(
    r"[0-9][0-9.,]*(?:余|多)?(?:亿|万|%|％|‰|元|公里|亩|吨|户|家|人|个|件|项|平方|公顷|倍|名|台|辆|座|处|所)"
)
_OURS = re.compile(r"[我全][省市县区镇乡州村旗]")
_PERIODS = re.compile(r"一年来|过去的?[一五两三]年|今年以来|五年来|去年以来|本届政府")

# The branches of the patterns begin with letters, not with groups: only then does the engine pass over text fast.
_HEARD = re.compile(
    r"(?:听取了|听了|听完|聆听了?|拜读了?|阅读了|读了|读完|读罢|收听了?|收看了?|观看了?|认真(?:学习|阅读|听取)了?"
    r"|反复(?:学习|阅读|听取)了?|仔细(?:学习|阅读|听取)了?|学习了|审议了|讨论了|参加了)[^。]{0,30}"
    r"(?:报告|讲话|会议|直播|影片|文章|一书|》)"
)
_JUDGED = re.compile(
    r"报告》?[^。]{0,24}(?:实事求是|鼓舞人心|求真务实|主题鲜明|思路清晰|思路清楚|重点突出|客观|精练|精炼|简练|全面|振奋|催人奋进|凝聚人心|内容丰富|数据翔实|文风|高屋建瓴|通篇|贯穿)"
    r"|好报告|一个[^。，]{2,16}的报告|一份[^。，]{2,20}的报告"
)
_AGREES = re.compile(r"(?:完全|表示|十分|非常|都|我|一致)(?:赞同|拥护|同意|赞成)")
_QUOTES = re.compile(r"《(?:政府工作|工作)?报告》")
_MYSELF = re.compile(
    r"我(?![省市州县区旗乡镇村国们党军街局院校办委厅处公单部站所司系方地代谨受社厂场行队班])|本人|自己的"
)
_POINTS = "[一二两三四五六七八几](?:点|个方面的?)(?:建议|意见|看法|体会|感受|感想|要求|想法)"
_VIEWS = "(?:建议|意见|看法|体会|感受|感想|思考|认识|想法)"
_THINKS = "(?:认为|觉得|感到|体会|深感|深深|建议|希望|相信|想)"
_OPINION = re.compile(
    "|".join(
        [f"{verb}{_POINTS}" for verb in "讲谈提说"]
        + [f"{some}{_VIEWS}" for some in ("几点", "一点", "一些", "粗浅的?", "个人")]
        + [f"{who}{_THINKS}" for who in ("我", "本人", "个人")]
    )
)
_ENDS_SPEECH = re.compile(
    r"(?:我的|以上|作以上|这就是我)[^。]{0,8}(?:发言|演讲|汇报|讲话|体会|述职)|谢谢(?:大家|各位|老师|同学)|敬请(?:批评|指正)|不当之处|不妥之处"
)
_OFFICE = re.compile(
    r"述职|任职(?:以来|期间)|履(?:职|行)(?:情况|岗位)|我(?:分管|担任|负责|任)|本人(?:分管|担任|负责|任)|廉洁自律情况|思想汇报|入党"
)
_SCHOOL = re.compile(r"老师|同学|妈妈|爸爸|作文|班级|班主任|寒假|暑假|小朋友|课堂|课文|爷爷|奶奶|读后|观后")
_SAYS = "们?(?:纷纷|一致)?(?:认为|表示|说|感慨)"
_REACTION = re.compile(
    "|".join([f"{who}{_SAYS}" for who in ("代表", "委员", "群众", "网友", "记者", "干部")] + ["反响", "热议"])
)
_TITLE = re.compile(r"心得|体会|感想|感悟|观后|读后|作文|有感|发言|演讲|讲话稿|述职|思想汇报|评议|致辞|评论|解读|学习")


def classify(title: str, text: str) -> tuple[str, str]:
    """Return the kind (`report` or `essay`) of a section that is text, and the reason in words.

    Parameters
    ----------
    title : its heading; one weak sign among others
    text : clean text
    """
    head, tail = text[:HEAD], text[-TAIL:]
    if len(text) > SAMPLE:
        text = text[: SAMPLE - TAIL] + tail
    thousands = max(0.4, len(text) / 1000)
    report: dict[str, float] = {}
    if _PRESENTS.search(head):
        report["presents itself as a report"] = 4.0
    delegates = _count(_DELEGATES, text)
    if delegates:
        report["addresses the delegates"] = 1.5 if delegates > 1 else 0.5
    if _GOALS.search(text):
        report["names goals"] = 0.7
    figures = _count(_FIGURE, text) / thousands
    if figures >= 3:
        report["full of figures"] = 2.5 if figures >= 8 else 1.5
    if _count(_OURS, text) / thousands >= 3:
        report["speaks for its place"] = 1.0
    if _PERIODS.search(text):
        report["reviews a period"] = 0.5
    essay: dict[str, float] = {}
    if _HEARD.search(head):
        essay["speaks of a report that was heard or read"] = 2.0
    if _JUDGED.search(text):
        essay["judges a report"] = 2.0
    if _AGREES.search(text):
        essay["agrees"] = 1.0
    if _count(_QUOTES, text) >= 2 and len(text) < 6000:
        essay["quotes the report by name"] = 1.0
    myself = _count(_MYSELF, text) / thousands
    if myself >= 2:
        essay["says I"] = 3.0 if myself >= 8 else 2.0 if myself >= 4 else 1.0
    if _OPINION.search(text):
        essay["gives opinions of its own"] = 1.5
    if _ENDS_SPEECH.search(tail):
        essay["ends as a speech"] = 1.0
    office = _count(_OFFICE, text)
    if office:
        essay["reports on its own office"] = 2.0 if office > 1 else 1.0
    school = _count(_SCHOOL, text) / thousands
    if school >= 3:
        essay["speaks of school and family"] = 2.0
    if _count(_REACTION, text) >= 2:
        essay["collects reactions"] = 1.5
    if _TITLE.search(title):
        essay["its title"] = 1.0
    if _PERSONAL.isdisjoint(essay):
        # A rule on how reports are heard, or a duty list: nobody speaks for himself.
        essay.clear()
    for_essay, for_report = sum(essay.values()), sum(report.values())
    if for_essay >= ESSAY and for_essay >= for_report + MARGIN:
        return "essay", f"{', '.join(essay)} ({for_essay:.1f} against {for_report:.1f})"
    if report:
        return "report", f"{', '.join(report)} ({for_report:.1f} against {for_essay:.1f})"
    return "report", "nothing says otherwise"


def _count(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))
