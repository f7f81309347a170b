"""Site noise vanishes from the reports, and nothing else does."""

import pytest

from tests.text_pages import bodies, clean, cut, page, report

NOISE = [
    "共3页，当前第2页123",
    "共 12 页 当前第 3 页",
    "上一页 1 2 3 下一页",
    "[1] [2] [3] 下一页",
    "上一页 下一页",
    "第2页 共5页",
    "- 3 -",
    "来源：某某网  作者：佚名  发布时间：2015-03-04 10:20  浏览次数：1234",
    "【字号：大 中 小】",
    "发布日期：2014年2月3日",
    "责任编辑：小林",
    "当前位置：首页 > 公文写作 > 工作报告",
    "首页 » 范文 » 报告",
    "上一篇：镇政府工作报告",
    "下一篇：没有了",
    "版权声明：本文来自网络，如有侵权请联系我们删除。",
    "转载请注明出处。",
    "Copyright © 2015 某某网 版权所有",
    "免责声明：以上内容源自互联网，不代表本站观点，仅供参考。",
    "本文由某某网整理发布",
    "下面是小编为大家整理的政府工作报告，希望对大家有所帮助。",
    "以下是我给大家收集的报告范文，欢迎大家阅读参考，一起来看看吧。",
    "政府工作报告怎么写？下面小编给大家带来几篇范文，供大家参考借鉴。",
    "更多范文，请关注本站。",
    "点击下载本文全文",
    "扫码关注公众号，获取更多资料",
    "推荐度：",
    "编者按：本文为网友投稿。",
    "返回顶部",
    "【打印本页】【关闭窗口】",
    "2015-03-04 10:20:33",
    "2015-03-04 10:20 来源：某网 作者：佚名",
    "浏览量：1024",
    "1024人阅读",
    "（注：本文为网友投稿，仅供参考）",
    "【导语】政府工作报告是怎么写的？",
    "欢迎阅读由某某网整理的十篇范文，供你借鉴。",
    "云溪区政府工作报告》由会员上传分享，免费在线阅读，更多相关内容在某某网。",
    "阅读全部图文内容，您需要先登录",
    "* * *",
    "——————————",
]
TEXT = [
    "各位代表：",
    "我们欢迎各位企业家来我县投资兴业。",
    "打击侵权假冒行为，依法保护知识产权，查处案件32件。",
    "因侵权被行政处罚后，再次实施相同侵权行为的，从重处罚。",
    "扫黑除恶专项斗争取得阶段性成效。",
    "发布预警信息12期，群众阅读量稳步上升。",
    "推荐优秀年轻干部20名，相关工作走在全市前列。",
    "希望各位代表对政府工作提出宝贵意见，帮助我们改进工作。",
    "下面我给大家谈三点意见。",
    "希望我的发言能给大家一些启发。",
    "会议时间：2014年3月5日上午九时",
    "时间：3月5日",
    "2014年3月5日",
    "以上意见供大家参考。",
    "文章千古事，得失寸心知。",
    "时间紧、任务重，大家要一起努力。",
    "第三页表格显示，全年完成投资5亿元。",
    "生态环境标准的制定机关应当在其网站上公布标准全文，供公众免费查阅、下载。",
    "主持调解的人员可以提出调解方案供当事人协商时参考。",
    "Website: https://council.example/report",
    "We hope this report helps everyone who reads it.",
    "来源广泛、渠道多样的就业服务体系初步建立。",
    "标签化管理全面推行。",
]


@pytest.mark.parametrize("noise", NOISE)
def test_noise_between_paragraphs_is_dropped(noise: str) -> None:
    paragraphs = report(0)
    text = "\n".join([*paragraphs[:6], noise, *paragraphs[6:]])
    assert clean(text) == "\n".join(paragraphs)


@pytest.mark.parametrize("line", TEXT)
def test_text_that_only_resembles_noise_is_kept(line: str) -> None:
    paragraphs = report(0)
    text = "\n".join([*paragraphs[:6], line, *paragraphs[6:]])
    assert line in clean(text).split("\n")


def test_a_pager_at_the_end_of_a_paragraph_is_cut_out() -> None:
    paragraphs = report(0)
    text = "\n".join([*paragraphs[:3], paragraphs[3] + "共3页，当前第1页123", *paragraphs[4:]])
    assert clean(text) == "\n".join(paragraphs)


def test_blanks_inside_a_pager_go_with_it() -> None:
    paragraphs = report(0)
    pager = "上一页 下一页 返回目录"
    text = "\n".join([*paragraphs[:3], paragraphs[3] + pager + "全区上下一页一页翻过，返回一 页。", *paragraphs[4:]])
    assert paragraphs[3] + "全区上下一页一页翻过，返回一页。" in clean(text)


def test_related_links_go_with_their_heading() -> None:
    links = ["【云溪区政府工作报告】相关文章：", "1.镇政府工作报告", "★ 乡政府工作报告范文", "述职报告2014"]
    text = page(["区政府工作报告篇一", "区政府工作报告篇二"]).replace(
        "区政府工作报告篇二", "\n".join([*links, "区政府工作报告篇二"])
    )
    sections = bodies(text)
    assert len(sections) == 2
    assert not any(link in s.clean_text for link in links for s in sections)
    assert sections[0].boilerplate_ratio > 0


def test_furniture_at_the_end_of_a_page_is_a_footer() -> None:
    foot = ["相关推荐：", "政府工作报告2016", "政府工作报告2017", "Copyright © 2015 某某网 版权所有"]
    *_, last, footer = cut(page(["区政府工作报告篇一", "区政府工作报告篇二"]) + "\n" + "\n".join(foot))
    assert (last.kind, footer.kind) == ("report", "footer")
    assert footer.clean_text == ""
    assert last.clean_text.endswith("而努力奋斗！")


def test_an_offer_at_the_end_of_a_page_is_promo() -> None:
    *_, promo = cut("\n".join([*report(0), "下载文档", "扫码关注公众号，获取更多资料"]))
    assert promo.kind == "promo"


def test_the_intro_before_the_first_heading_is_a_preamble() -> None:
    preamble, *_ = cut(page(["区政府工作报告篇一", "区政府工作报告篇二"]))
    assert preamble.kind == "preamble"
    assert "小编" not in preamble.clean_text


def test_a_glossary_behind_a_report_is_an_appendix() -> None:
    text = (
        page(["区政府工作报告篇一", "区政府工作报告篇二"])
        + "\n名词解释\n1.三农：指农业、农村和农民。\n2.两化：指工业化和城镇化。"
    )
    *_, last = cut(text)
    assert (last.kind, last.title) == ("appendix", "名词解释")


def test_markdown_marks_are_dropped_and_masks_are_not() -> None:
    lines = [
        "## 二、主要任务",
        "**（一）抓好农业**",
        "- 1、建设良田；",
        ">修好每一条山路，方便出行。",
        "——2013年在**区会议上的报告**很长。",
        "把**建设成为美丽家园。",
    ]
    assert clean("\n".join(["经济平稳运行，社会和谐稳定。", *lines])).split("\n")[1:] == [
        "二、主要任务",
        "（一）抓好农业",
        "1、建设良田；",
        "修好每一条山路，方便出行。",
        "——2013年在**区会议上的报告**很长。",
        "把**建设成为美丽家园。",
    ]
