"""Reports, essays and junk are told apart from what the text says."""

import pytest

from dedup.text.junk import junk_reason
from dedup.text.kinds import classify
from dedup.text.normalise import normalise
from tests.text_pages import cut, report

ESSAYS = {
    "impressions": (
        "今天上午，我认真聆听了县长所作的政府工作报告，深受鼓舞。报告总结成绩实事求是，部署工作重点突出，是"
        "一个鼓舞人心的好报告。作为一名基层教师，我感到肩上的担子更重了。"
        "今后我要立足岗位，认真备课，关心每一个学生。"
    ),
    "a delegate's speech": (
        "各位代表、同志们：听了刚才的报告，我完全赞同。我想结合我们村的实际谈几点看法。"
        "第一，乡村道路建设要加快。第二，希望县里多支持合作社。第三，饮水工程要早日完工。"
        "我的发言完了，谢谢大家。"
    ),
    "an account of office": (
        "本人自2012年担任财政所所长以来，认真履行岗位职责。现将任职以来的情况报告如下。"
        "我坚持每天学习两小时。我所全年完成税收1200万元，增长12%。本人严格要求自己。"
        "以上报告，不妥之处，敬请批评指正。"
    ),
    "a contest speech": (
        "尊敬的领导、各位评委：大家好！我来自一个小山村，大学毕业以后我选择了回到家乡。"
        "我记得第一次走访时，老人拉着我的手。我深深感到，我做的事情虽小，却很有意义。"
        "谢谢大家！"
    ),
    "a composition": (
        "昨天晚上，老师组织我们全班同学观看了一部电影。影片里的主人公给我留下了深刻的印象。"
        "我觉得他是一个勇敢的人。妈妈问我学到了什么，我说我要像他一样坚强。"
    ),
    "an application": (
        "敬爱的党组织：近期我认真学习了政府工作报告，我深刻体会到肩上的责任。"
        "我认为我应当努力学习专业知识。今后我将以实际行动争取早日入党，请党组织考验我。"
    ),
    "a group's comment": (
        "听取了政府工作报告以后，我们小组进行了认真讨论。大家一致认为，《报告》主题鲜明，内容丰富，文风朴实"
        "。对《报告》提几点建议：一是增加教育投入，二是加强环境整治，三是关注老年人。"
    ),
    "reactions": (
        "两会召开后，代表委员们对政府工作报告反响热烈。来自企业界的王代表表示，报告提振了信心。"
        "农民代表说，政策实实在在。委员们纷纷认为，报告通篇贯穿着以人为本的理念，是一个求真务实的报告。"
    ),
}
REPORTS = {
    "whole": "\n".join(report(0)),
    "goals only": (
        "今年政府工作的总体要求是：全面贯彻上级会议精神，坚持稳中求进。"
        "主要预期目标是：生产总值增长9%，城镇新增就业3000人。"
    ),
    "closing only": (
        "——加强学习，提高服务能力。——依法行政，自觉接受监督。各位代表，新的征程已经开启，让我们为建设美丽家"
        "乡而努力奋斗！"
    ),
    "tasks": (
        "一、抓好农业生产。落实惠农政策。二、抓好作风建设。干部要廉洁自律，履行岗位职责，听取群众意见，执行"
        "上级报告的精神。"
    ),
    "of a bureau": (
        "受县政府委托，我就上半年计划执行情况作一汇报，不妥之处，请批评指正。上半年，全县生产总值完成56亿元，增长9.3%。"
    ),
    "of the budget": "受区人民政府委托，我向大会报告预算执行情况，请予审议。全年公共预算收入完成5.6亿元，增长8%。",
    "a law": (
        "第三条 常务委员会听取和审议专项工作报告。第四条 工作人员应当履行岗位职责，述职每年进行一次。"
        "第五条 代表应当听取意见。"
    ),
    "English": "The council approved the annual budget of 4.2 million on Monday. Roads will be repaired in spring.",
}
JUNK = {
    "menu in lines": "首页\n新闻\n财经\n体育\n娱乐\n科技\n登录\n注册\n联系我们\n网站地图\n版权声明",
    "menu in one line": "首页 新闻 财经 体育 娱乐 科技 教育 健康 汽车 房产 旅游 登录 注册 联系我们 关于我们",
    "menu with bars": "首页 | 新闻 | 财经 | 体育 | 娱乐 | 科技 | 教育 | 健康 | 汽车 | 更多",
    "English menu": (
        "Home\nAbout us\nProducts\nServices\nBlog\nContact us\nLogin\nSearch\nPrivacy Policy\nTerms of Use"
    ),
    "English menu in a line": (
        "Home News Sports Business Opinion Tech Health Travel Video Login Register Search Menu Subscribe"
    ),
    "script": (
        'function init(){var a=document.getElementById("x");if(a){a.style.display="none";}} window.onload=init;'
    ),
    "style sheet": ".nav{color:#fff;margin:0 auto;padding:4px;} .foot{display:none;width:100%;} #main{float:left;}",
    "data": '{"id": 12, "title": "x", "items": [{"a": 1, "b": true}, {"a": 2, "b": false}], "next": null}',
    "markup": '<div class="a"><span>1</span><a href="x">b</a></div>' * 3,
    "dots": "。。。……",
    "a word": "图片",
    "nothing": "",
    "a government site's menu": (
        "政务公开\n走进云溪\n办事服务\n互动交流\n公告公示\n机构设置\n领导之窗\n专题专栏\n网站地图"
    ),
    "crumbs and menu": "当前位置：首页 > 公文 > 报告\n首页\n公文\n论文\n合同\n总结\n计划\n更多\n登录\n注册",
}
SHORT = {
    "notice": "因线路检修，本周三上午九时至十二时停电。请各户提前做好准备。不便之处，敬请谅解。",
    "English notice": (
        "Water will be off on Monday from nine to noon. Please store some in advance. We are sorry for the trouble."
    ),
    "table": "地区生产总值\t365亿元\t8.5%\n工业增加值\t120亿元\t9.1%\n财政收入\t23亿元\t10%\n投资\t200亿元\t15%",
    "indicators": "2013年主要经济指标\n生产总值 365亿元\n财政收入 23亿元\n固定资产投资 200亿元\n城镇居民收入 2.1万元",
    "verse": "东山晨雾薄如纱\n渔火归来映水斜\n稻浪千重黄似锦\n炊烟几缕是谁家\n小桥横过清溪外\n一树桃花伴落霞",
    "names": "出席名单\n张三 李四 王五\n赵六 钱七 孙八\n周九 吴十 郑一\n冯二 陈三 褚四\n卫五 蒋六 沈七",
    "recipe": "Ingredients\n2 eggs\n1 cup of flour\nsalt\npepper\nMix the eggs with flour and bake for ten minutes.",
}


@pytest.mark.parametrize("name", ESSAYS)
def test_what_somebody_says_for_himself_is_an_essay(name: str) -> None:
    kind, reason = classify("", ESSAYS[name])
    assert (kind, bool(reason)) == ("essay", True)


@pytest.mark.parametrize("name", REPORTS)
def test_what_reports_is_a_report_whatever_its_heading_says(name: str) -> None:
    assert classify("学习心得体会", REPORTS[name])[0] == "report"


@pytest.mark.parametrize("name", JUNK)
def test_a_page_without_text_is_junk(name: str) -> None:
    (section,) = cut(JUNK[name])
    assert section.kind == "junk"
    assert section.kind_reason


@pytest.mark.parametrize("name", SHORT)
def test_a_short_text_that_means_something_is_no_junk(name: str) -> None:
    assert junk_reason(SHORT[name], len(normalise(SHORT[name])), 20) is None


def test_stories_whose_body_is_one_menu_are_all_junk() -> None:
    kinds = [cut(JUNK["menu in lines"], f"标题{k}")[0].kind for k in range(12)]
    assert kinds == ["junk"] * 12


def test_a_story_behind_a_menu_is_no_junk() -> None:
    (section,) = cut(JUNK["menu in lines"] + "\n" + "\n".join(report(0)))
    assert section.kind == "report"


def test_completeness_is_read_from_the_text() -> None:
    paragraphs = report(0)
    whole = [("full", paragraphs), ("no_tail", paragraphs[:-1]), ("no_head", report(0, opening=False))]
    assert [(cut("\n".join(lines))[0].completeness) for _, lines in whole] == [name for name, _ in whole]
    cut_off = ["的目标如期实现，群众满意。", *paragraphs[3:-1], "要继续抓好社会治安和安全生产工作，切实维"]
    assert cut("\n".join(cut_off))[0].completeness == "fragment"
    hole = [line for line in paragraphs if not line.startswith(("一", "二", "（一"))]
    assert cut("\n".join([*hole[:3], "（一）产业发展", hole[3], "（四）民生事业", *hole[4:]]))[0].completeness == "hole"
    assert cut("The council met on Monday. It will meet again.")[0].completeness == "full"
    assert cut("and the council, which met on Monday, will meet again")[0].completeness == "fragment"
