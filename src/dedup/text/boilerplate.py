"""Site noise: what the page's maker or the scraper put around and into the text.

Rules name what a phrase is (pagination, crawl metadata, page intro, related links, copyright, download offer), never
a site. A rule removes a whole line unless its noise is plainly a stretch inside one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from dedup.text.characters import BLANK_CHARACTERS, BLANKS, HAN
from dedup.text.lines import Line
from dedup.text.marks import read_mark
from dedup.text.occurrences import Words

NoiseKind = Literal["pagination", "metadata", "intro", "related", "copyright", "promo", "navigation", "mark"]


@dataclass(frozen=True, slots=True)
class Noise:
    """A stretch of site noise.

    Attributes
    ----------
    start, end : span in the page
    kind : what it is
    whole : the line holds nothing else
    """

    start: int
    end: int
    kind: NoiseKind
    whole: bool


_B = f"[{BLANKS}]*"
_N = "[0-9０-９]{1,4}"

# -- stretches inside a line ------------------------------------------------------------------------------------
_PAGER = (
    rf"共{_B}{_N}{_B}页{_B}[,，、]?{_B}(?:当前)?(?:第|为第){_B}{_N}{_B}页{_B}[0-9 ]{{0,40}}"
    rf"|第{_B}{_N}{_B}页{_B}[,，/／、（(]?{_B}共{_B}{_N}{_B}页{_B}[）)]?"
    rf"|[\[【]{_B}(?:上一页|下一页|首页|尾页|末页){_B}[\]】]"
    rf"|(?:\[{_N}\]{_B}){{2,40}}(?:下一页|尾页)?"
    rf"|(?:上一?[页篇]|下一?[页篇]|首页|尾页|末页|返回列表|返回目录)(?:[{BLANKS}0-9|｜>»<«]{{1,40}}(?:上一?[页篇]|下一?[页篇]|首页|尾页|末页|返回列表|返回目录))+"
    rf"|(?<![{HAN}])(?:上一页|下一页)(?![{HAN}])"
)
_INLINE = re.compile(_PAGER)

# -- whole lines ------------------------------------------------------------------------------------------------
_KEY = (
    "文章来源|信息来源|稿件来源|资料来源|来源网站|来源|出处|稿源|作者|编者|编辑|责任编辑|责编|录入|录入者|审核|审核人|校对|发布者|发布人|上传者|投稿|"
    "整理|发布时间|发布日期|发表时间|更新时间|更新日期|添加时间|录入时间|发稿时间|创建时间|日期|时间|浏览次数|浏览量|浏览|点击次数|点击数|点击率|点击|"
    "阅读次数|阅读量|阅读数|阅读|访问量|访问次数|人气|评论数?|收藏|字数|字号|字体大小|字体|背景色?|关键词|关键字|标签|栏目|分类|所属栏目|所属分类|大小|语言|"
    "ID|页数|格式|文档编号|上传时间|下载次数|下载量|资源描述|文件大小|"
    "索引号|发布机构|发文机关|主题分类|文件编号|有效性|信息分类|公开方式|公开日期|打印|关闭窗口|分享到?"
)
_VALUE = r"[^。！？；\n]{0,40}"
_CLOCK = r"(?:19|20)[0-9]{2}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?(?:[T ]{0,3}[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)"
_COUNTER = rf"(?:浏览|阅读|点击|访问|评论)(?:量|数|次数)?{_B}[（(:：]?{_B}[0-9]{{1,9}}{_B}[）)]?{_B}次?"
_COUNTER += rf"|[0-9]{{1,9}}{_B}(?:人|次)(?:阅读|浏览|点击)"
_METADATA = re.compile(
    rf"(?:{_CLOCK}[{BLANKS}|｜/]*)?[\[【（(|｜*•·{BLANKS}-]*(?:{_KEY}){_B}[:：]{_VALUE}"
    rf"(?:(?:[{BLANKS}|｜/]+|[\]】）)])(?:{_KEY}){_B}[:：]?{_VALUE})*[\]】）){BLANKS}]*"
    rf"|{_CLOCK}(?:[{BLANKS}]+[^。！？；，\n]{{1,16}})?|{_COUNTER}"
)
# Keys that minutes and notices use too; alone in a line they are text.
_WEAK_KEY = re.compile(rf"[\[【（({BLANKS}]*(?:时间|日期|语言|格式|大小|整理|分类|关键词|关键字){_B}[:：][^:：]*")
_CRUMBS = re.compile(
    rf"(?:您?(?:当前|现在|所在)(?:的?位置|位置是|页面)|您的位置|你的位置|当前位置|现在位置|所在位置){_B}[:：].{{0,120}}"
    rf"|(?:网站)?首页{_B}(?:[>＞»›/\-|｜→]+{_B}[^。！？；]{{1,24}}){{1,8}}"
)
_RELATED = re.compile(
    rf"[#*★☆◆●■▲【\[「《{BLANKS}]*"
    r"(?:(?:[^。！？；，\n]{2,24}(?:的)?)?(?:相关|其他相关|其它相关)(?:推荐|阅读|文章|链接|内容|范文|信息|资讯|热词|专题|新闻|文档|搜索|标签)"
    r"|(?:编辑推荐|小编推荐|站长推荐)|(?:推荐|延伸|扩展|拓展|热门|精彩)(?:阅读|文章|范文|推荐|链接|资讯)|猜你喜欢|你可能(?:还)?(?:喜欢|感兴趣)|您可能(?:还)?(?:喜欢|感兴趣)"
    r"|(?:看了|看过|阅读)(?:本文|此文|[^。，\n]{0,20})的(?:人|网友)?还(?:看|喜欢|读)了?|大家(?:还|都)在(?:看|搜)|本类(?:推荐|热门)|网友(?:推荐|关注)|为您推荐|更多(?:相关|精彩|范文)[^。！？；\n]{0,20})"
    rf"{_B}(?:文章|推荐|阅读)?{_B}[】\]」》]?{_B}[:：]?{_B}(?P<rest>[^。！？；\n]{{0,80}})"
)
_SITE = "(?:本站|本网|本网站|网站|站长|管理员|客服|平台|小编|作者本人|原作者|编辑部)"
_COPYRIGHT = re.compile(
    rf"版权(?:所有|声明)(?:[:：© ]|归|$|[，,。])|版权归[^。，\n]{{1,12}}所有|版权所有"
    rf"|{_SITE}[^。\n]{{0,20}}(?:版权|侵权|转载)"
    rf"|(?:如|若|凡)(?:有|果|涉及|涉嫌|存在|发现)?[^。，\n]{{0,6}}侵(?:权|犯)[^。\n]{{0,16}}(?:联系|告知|通知|来信|邮件|删除|立删|致电|{_SITE})|侵权(?:请|联系|立即|必)?删|侵删"
    r"|(?i:copyright *(?:©|\(c\)|[0-9]{4})|all rights reserved)|^©|[\u4e00-\u9fff]ICP(?:备|证)|公网安备"
    r"|免责(?:声明|条款)[:：]|^免责声明$|(?:转载|引用)[^。，\n]{0,4}(?:请|须|需|务必)(?:注明|保留|标明)|未经(?:本站|本网|授权|许可|允许)[^。\n]{0,6}(?:不得|禁止|请勿|严禁)(?:转载|复制)"
    r"|(?:本文|本站|本文档|以上内容|文章内容|文中内容|网站内容|图文)(?:内容|资料|资源|文章|部分内容|均|版权|素材|图片){0,3}(?:来自|来源于|源自|转自|转载自|摘自|收集于|整理自|选自|由[^。，\n]{1,20}(?:整理|提供|发布|收集|上传|编辑))"
    rf"|(?:不|并不|均不)代表{_SITE}|(?:请|可)?(?:及时|尽快|第一时间)?联系(?:我们|{_SITE})[^。\n]{{0,16}}(?:删除|处理|更正)|(?:仅|只)供(?:参考|学习|交流|学习交流|学习参考|参考学习)[，,。和与使、！!]"
)
_PROMO = re.compile(
    r"点击(?:此处|这里|下方|文末|右上角|链接|按钮)?[^。，、\n]{0,8}(?:下载|获取|领取|查看|收藏|注册)|(?:免费|立即|马上)(?:下载|获取|领取|注册)"
    r"|下载(?:本文|全文|该文|文档|地址|链接)|(?:全文|本文|文档|Word|word|WORD|PDF|pdf)[^。，\n]{0,10}(?:下载|打印版)"
    r"|(?:扫一?扫|扫码|扫描)[^。\n]{0,12}(?:二维码|关注|下载)|长按[^。\n]{0,12}二维码|(?:微信|官方)?公众(?:号|平台)[:：]"
    r"|关注(?:我们|本站|公众号|微信)|加(?:入)?(?:微信|QQ)群|(?:QQ|qq|微信号?)[:： ]{0,2}[0-9A-Za-z_]{5,}"
    r"|(?:更多|最新)[^。，\n]{0,16}(?:请|敬请|欢迎)(?:关注|点击|访问|登录|浏览|继续|查看|持续)"
    r"|由会员(?:上传|分享)|(?:免费)?在线阅读[，,]更多|(?:阅读|查看|展开)(?:剩余|全部|全文)[^。\n]{0,16}(?:登录|下载|会员|内容$)|推荐度[:：]|下载文档|复制全文|开通会员|会员免费|付费(?:阅读|下载|文档|后)|充值会员|领取优惠券|限时(?:免费|优惠|特价)"
    rf"|(?:原文|本文|文章|转载|页面)?(?:链接|地址|网址|来源)[:：]{_B}(?:https?://|www\.)|^(?:https?://|www\.)[0-9A-Za-z./?=&_%#~\-]+$"
)
# What only the maker of a page says …
_INTRO = re.compile(
    r"(?:小编|本站|本网|编者)[^。！？\n]{0,12}(?:给|为|跟|和|与|替|帮)(?:各位|大家|你|您|同学|朋友|广大)"
    r"|(?:小编|本站|本网)[^。！？\n]{0,12}(?:整理|收集|搜集|带来|分享|准备|推荐|精选|汇总)"
    r"|(?:我|下面)[^。！？\n]{0,8}(?:给|为)(?:各位|大家|你|您|广大)[^。！？\n]{0,16}(?:整理|收集|搜集|汇总|精选|带来)"
    r"|(?:整理|收集|搜集|汇总|精选|挑选)了?[^。！？\n]{0,24}(?:供|以供|给)(?:大家|各位|您|你|广大)[^。！？\n]{0,16}(?:参考|阅读|借鉴|学习|使用|查阅)"
    r"|欢迎(?:大家|您|各位|朋友|广大|前来|阅读|收藏|参阅|查阅|借鉴|下载|浏览|转发|分享)[^。！？\n]{0,24}(?:阅读|借鉴|参考|分享|收藏|查阅|下载|浏览)"
    r"|欢迎阅读(?:与收藏|由|[!！。]?$)|^[【\[]?(?:导语|引导语|导读)[:：】\]]|是怎么(?:样)?写的"
    r"|(?:一起|一块儿?|共同)来?(?:看看|看一看|了解一下|欣赏一下)(?:一下)?(?:吧|[!！。])"
)
# … and what a speaker may say too: two of them, or one beside the others, make an intro.
_INTRO_LIKE = re.compile(
    r"我[^。！？\n]{0,8}(?:给|为|跟|和|与)(?:各位|大家|你|您|同学|朋友|广大)[^。！？\n]{0,24}(?:分享|介绍|准备|推荐|讲|谈|提供|总结|说)"
    r"|(?:希望|相信|但愿)[^。！？\n]{0,16}(?:对|能给|给|能帮|帮|能够帮)[^。！？\n]{0,4}(?:大家|您|你|各位|朋友|读者)[^。！？\n]{0,16}(?:帮助|参考|启发|有用)"
    r"|(?:(?:仅|以)?供(?:大家|您|你|各位|广大|读者)[^。！？\n]{0,6}|仅供)参考[!！。～~]?$"
    r"|(?:以上|上述)(?:就)?是[^。！？\n]{0,30}(?:全部内容|所有内容|整理的|的内容|分享|介绍)"
    r"|(?:一起|一块儿?|共同)来?(?:了解|学习|阅读)(?:一下)?(?:吧|[!！。])"
    r"|你(?:知道|会|是否)[^。！？\n]{0,24}怎么写|(?:怎么|怎样|如何)(?:样)?(?:才能)?写[^。！？\n]{0,24}[？?呢吗]|(?:范文|模板)[^。！？\n]{0,8}怎么写"
)
# Whom an intro speaks to, or of what.
_READER = re.compile(r"小编|大家|各位|你|您|参考|写|全部内容|所有内容|整理的|的内容|一起|一块|共同来|欢迎")
_NEIGHBOUR = re.compile(rf"[\[【]?[上下]一[篇条个](?:文章|范文|新闻)?{_B}[:：\]】]{_B}[^。！？；\n]{{0,60}}")
_EDITOR = re.compile(
    r"[（(【\[]?(?:编者按|编者注|编辑注|小编注|编辑提示|温馨提示|小贴士|本站注|网友投稿|网络投稿|编辑推荐|小编寄语|小编导读)[:：】\]]"
    r"|[（(【\[](?:注|编者|编辑|备注|说明)[:：][^。\n]{0,80}[）)】\]]$"
)
_NAVIGATION = re.compile(
    rf"[\[【]?(?:返回(?:顶部|首页|列表|上一页|目录|栏目)|关闭窗口|关闭本页|打印本页|打印此页|打印|加入收藏|设为首页|网站地图|联系我们|关于我们|无障碍阅读|繁体|字体[:：]?|大|中|小|登录|注册|收藏|分享|举报|投诉|纠错|展开全文|展开全部|阅读全文|收起)"
    rf"(?:[\]】{BLANKS}|｜/·]+[\[【]?(?:返回(?:顶部|首页|列表|上一页|目录|栏目)|关闭窗口|关闭本页|打印本页|打印此页|打印|加入收藏|设为首页|网站地图|联系我们|关于我们|无障碍阅读|繁体|大|中|小|登录|注册|收藏|分享|举报|投诉|纠错|展开全文|展开全部|阅读全文|收起))*[\]】]?"
)
_PAGE_NUMBER = re.compile(rf"[-—–－·•]{{1,3}}{_B}{_N}{_B}[-—–－·•]{{1,3}}|第{_B}{_N}{_B}页")
_MARK_ONLY = re.compile(rf"[*＊#\-—=＝_~·.。…{BLANKS}]{{3,}}|</?[a-zA-Z][^<>]{{0,200}}>|&nbsp;")

# Only lines that hold one of these words are judged by the rules above.
_TRIGGERS = (
    "页", "小编", "大家", "各位", "您", "版权", "著作权", "侵权", "opyright", "OPYRIGHT", "ights", "©", "ICP",
    "公网安备", "免责", "转载", "未经", "本文", "本站", "本网", "仅供", "只供", "参考", "下载", "扫", "二维码",
    "公众号", "公众平台", "会员", "付费", "http", "www.", "欢迎", "帮助", "怎么", "怎样", "如何写", "点击",
    "全部内容", "更多", "QQ", "qq", "微信", "&nbsp;", "来自", "摘自", "导语", "在线阅读", "阅读全", "剩余",
)  # fmt: skip
_TRIGGER_LETTERS = tuple(word for word in _TRIGGERS if len(word) == 1)
_TRIGGER_WORDS = Words(word for word in _TRIGGERS if len(word) > 1)
# Without one of these words a rule cannot hold; a look for them costs a tenth of the rule.
_NEEDED_BY_INLINE = ("页", "篇", "[", "返回")
_NEEDED_BY_INTRO = (
    "小编", "本站", "本网", "编者", "整理", "收集", "搜集", "汇总", "精选", "挑选", "带来", "欢迎", "导语", "导读",
    "是怎么", "看看", "看一看", "了解一下", "欣赏一下",
)  # fmt: skip
_NEEDED_BY_COPYRIGHT = (
    "版权", "侵", "转载", "引用", "©", "ICP", "公网", "免责", "未经", "本文", "本站", "以上内容", "文章内容",
    "文中内容", "网站内容", "图文", "不代表", "联系", "仅供", "只供", "gh", "GH", "Gh", "gH",
)  # fmt: skip
_NEEDED_BY_PROMO = (
    "点击", "免费", "立即", "马上", "下载", "打印版", "扫", "二维码", "公众", "关注", "微信", "QQ", "qq", "更多",
    "最新", "会员", "在线阅读", "剩余", "全部", "全文", "推荐度", "付费", "优惠券", "限时", "http", "www.",
)  # fmt: skip
# What a line of metadata, crumbs, related links or buttons starts with.
_HEAD = re.compile(
    rf"[\[【（(《「|｜*•·#★☆◆●■>{BLANKS}-]*(?:(?:{_KEY}){_B}[:：]|[您你]?(?:当前|现在|所在)的?|网站首页|首页|返回|打印|关闭|加入收藏|设为首页|网站地图|联系我们|关于我们|无障碍|繁体|字体"
    r"|登录|注册|收藏|分享|举报|投诉|纠错|展开|阅读|收起|上一|下一|推荐|延伸|扩展|拓展|热门|精彩|猜你|你可能|您可能|看了|看过|大家还|大家都|本类|网友|为您|编者|编辑|小贴士|温馨"
    r"|(?:注|备注|说明|导语|导读|引导语)[:：】\]]|小编|浏览|点击|访问|评论"
    r"|(?:19|20)[0-9]{2}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?[T ]|[0-9]{1,9} ?[人次]"
    r"|[^。！？；，\n]{0,24}?(?:相关|其它相关|其他相关)(?:推荐|阅读|文章|链接|内容|范文|信息|资讯|热词|专题|新闻|文档|搜索|标签))"
)
# What such a line starts with, unless it holds this word.
_HEAD_FIRSTS = frozenset(
    BLANK_CHARACTERS + "[【（(《「|｜*•·#★☆◆●■>-0123456789"
    "您你当现所网首返打关加设联无繁字登注收分举投纠展阅上下推延扩拓热精猜看大本为编小贴温备说导引浏点访评"
) | {key[0] for key in _KEY.split("|")}
_HEAD_ANYWHERE = "相关"


def find_noise(text: str, lines: list[Line]) -> list[Noise]:
    """Return the site noise of a page, in order, without overlaps.

    Related links are dropped to the last line that still looks like a link.
    """
    if not lines:
        return []
    starts = [line[0] for line in lines]
    first, last = lines[0][0], lines[-1][1]
    suspects = {bisect_right(starts, place) - 1 for place in _TRIGGER_WORDS.places(text, first, last)}
    for letter in _TRIGGER_LETTERS:
        suspects.update(_lines_with(letter, text, lines, starts))
    anywhere = _lines_with(_HEAD_ANYWHERE, text, lines, starts)
    for i, (start, end) in enumerate(lines):
        if end - start > 160:
            continue
        letter = text[start]
        # Marks and page numbers are short and hold no trigger word.
        if ((letter in _HEAD_FIRSTS or i in anywhere) and _HEAD.match(text, start, end)) or (
            end - start <= 24 and (letter in "-—–－*＊#=＝_~·•<…." or text[end - 1] == ">")
        ):
            suspects.add(i)
    found: list[Noise] = []
    skip_to = -1
    for i in sorted(suspects):
        if i <= skip_to:
            continue
        start, end = lines[i]
        line = text[start:end]
        kind = line_noise(line)
        if kind == "related":
            last = _last_link(text, lines, i)
            found.extend(Noise(a, b, "related", True) for a, b in lines[i : last + 1])
            skip_to = last
        elif kind is not None:
            found.append(Noise(start, end, kind, True))
        elif _has(line, _NEEDED_BY_INLINE):
            found.extend(Noise(*match.span(), "pagination", False) for match in _INLINE.finditer(text, start, end))
    return found


def _lines_with(word: str, text: str, lines: list[Line], starts: list[int]) -> set[int]:
    """Return the indices of the lines that hold a word."""
    found: set[int] = set()
    place = text.find(word, lines[0][0], lines[-1][1])
    while place >= 0:
        at = bisect_right(starts, place) - 1
        found.add(at)
        place = text.find(word, lines[at][1], lines[-1][1])
    return found


def _has(line: str, words: tuple[str, ...]) -> bool:
    """Whether a line holds one of some words."""
    for word in words:  # noqa: SIM110 - a loop costs half of `any` over a generator, for each suspect line
        if word in line:
            return True
    return False


def line_noise(line: str) -> NoiseKind | None:
    """Return what kind of site noise a whole line is, or None when it is text."""
    n = len(line)
    if n <= 160:
        pager = _INLINE.sub("", line) if _has(line, _NEEDED_BY_INLINE) else line
        if len(pager) < n and not pager.strip(" \t\u3000\u00a0[]【】|｜0123456789<>«».。…"):
            return "pagination"
        if _PAGE_NUMBER.fullmatch(line):
            return "pagination"
        if _CRUMBS.fullmatch(line) or _NAVIGATION.fullmatch(line) or _NEIGHBOUR.fullmatch(line):
            return "navigation"
        if _METADATA.fullmatch(line) and not _WEAK_KEY.fullmatch(line):
            return "metadata"
        related = _RELATED.fullmatch(line)
        if related and not related["rest"].endswith(("。", "；")):
            return "related"
        if _MARK_ONLY.fullmatch(line):
            return "mark"
    if n <= 400:
        if _EDITOR.match(line):
            return "intro"
        if _READER.search(line) and _is_intro(line):
            return "intro"
        if (
            _has(line, _NEEDED_BY_COPYRIGHT)
            and _COPYRIGHT.search(line)
            and not _IS_REPORT.search(line)
            and (n <= 160 or sum(1 for _ in _COPYRIGHT.finditer(line)) >= 2)
        ):
            return "copyright"
        if n <= 120 and _has(line, _NEEDED_BY_PROMO) and _PROMO.search(line) and not _IS_REPORT.search(line):
            return "promo"
    return None


def _is_intro(line: str) -> bool:
    """Whether a line is the page maker's word to the reader."""
    sure = sum(1 for _ in _INTRO.finditer(line)) if _has(line, _NEEDED_BY_INTRO) else 0
    likely = sure + sum(1 for _ in _INTRO_LIKE.finditer(line))
    return likely >= 2 or (sure == 1 and len(line) <= 260 and not _IS_REPORT.search(line))


# What a report says of itself and its place; a line with it is text even if it welcomes or thanks somebody.
_IS_REPORT = re.compile(
    r"各位代表|同志们|[我全本][省市县区镇乡村州旗国]|工程|项目|万元|亿元|增长|执法|监管|打击|保护|[0-9]%"
)
_LINKISH_END = re.compile(r"[。！？；;!?：:]$")


def _last_link(text: str, lines: list[Line], head: int) -> int:
    """Return the index of the last line of a list of related links that starts below line `head`."""
    last = head
    for i in range(head + 1, min(len(lines), head + 40)):
        start, end = lines[i]
        line = text[start:end]
        mark = read_mark(text, start, end)
        if mark is not None and mark.style.startswith(("comma", "bracket", "part", "speech")):
            break  # the report goes on
        if end - start > 60 or _LINKISH_END.search(line) or "，" in line:
            break
        last = i
    return last
