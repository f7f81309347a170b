"""Text that is no text: near-empty, navigation, scripts, style sheets and data.

Judged before anything is matched, so that stories whose body is one and the same menu do not become copies.
"""

from __future__ import annotations

import re

from dedup.text.characters import BLANK_CHARACTERS, BLANKS, DIGITS, HAN, LATIN, NEWLINES

#: How much of a text is looked at; junk shows early.
SAMPLE = 20_000
#: Share of characters in lines that read as sentences, below which a text may be navigation.
PROSE = 0.15

_CODE = re.compile(
    r"function\s{0,3}[\w$]{0,40}\(|\b(?:var|let|const)\s[\w$]{1,40}\s{0,3}=|document\.|window\.|\$\(|=>|@media|!important"
    r"|\breturn\b[^\n]{0,40};|[\w\-]{2,30}\s{0,2}:\s{0,2}[^;{}\n]{1,60};\s{0,3}[\w\-}]"
    r"|\"[\w\-@$]{1,40}\"\s{0,2}:\s{0,2}[\[{\"0-9tfn]|</?[a-z]{1,10}[ >/]|&[a-z]{2,6};|\\u[0-9a-f]{4}",
    re.ASCII,
)
_CODE_MARKS = "{}[];=<>\\$|&"
_SENTENCE = re.compile(
    rf"[{HAN}][，。；！？]|[{LATIN}{DIGITS}\"')%][.!?]($|[{BLANKS}{NEWLINES}\"')])|[{LATIN}],[{BLANKS}][{LATIN}]"
)
_SEPARATORS = re.compile(rf"[{NEWLINES}|｜>＞»›·•/\\\t\u3000]+| {{2,}}")
_LINE = re.compile(rf"[^{NEWLINES}]+")
_HAN_SPACE = re.compile(rf"(?<=[{HAN}]) (?=[{HAN}])")
_WORD = re.compile(rf"[{LATIN}{DIGITS}]+")
_MENU = re.compile(
    r"首页|网站首页|新闻|要闻|资讯|时政|财经|体育|娱乐|科技|教育|健康|汽车|房产|旅游|军事|视频|图片|博客|论坛|社区|登录|注册|搜索|导航|菜单|联系我们|关于我们|网站地图|"
    r"会员|下载|客服|帮助|更多|返回|收藏|分享|订阅|广告|招聘|留言|设为首页|加入收藏|上一页|下一页|专题|专栏|栏目|频道|直播|问答|百科|文库|范文大全|友情链接|版权声明|免责声明|隐私|"
    r"手机版|免费|公文|工作报告|工作总结|工作计划|心得体会|演讲稿|述职报告|作文|论文|合同范本|范文|"
    r"政务公开|政府信息公开|办事服务|互动交流|政民互动|走进.{2,4}|.{2,6}概况|公告公示|机构设置|领导之窗|"
    r"(?i:home|about(?: us)?|contact(?: us)?|log ?in|sign (?:in|up)|register|search|menu|news|sports?|business|politics"
    r"|opinion|world|tech(?:nology)?|entertainment|health|travel|video|photos?|blog|shop|cart|my account|subscribe"
    r"|newsletter|privacy(?: policy)?|terms(?: of (?:use|service))?|cookies?|help|faq|site ?map|careers"
    r"|skip to (?:main )?content|share|tweet|facebook|twitter|instagram|youtube|linkedin|advertis[a-z]+|support"
    r"|services|products|pricing|events|resources|next|previous|more|close|english|language)"
)


def junk_reason(text: str, clean_length: int, min_chars: int) -> str | None:
    """Return why a text is no report, essay or anything that could be compared, or None when it is text.

    Parameters
    ----------
    text : a section as the page has it: its site noise says as much as its text
    clean_length : letters, marks and numbers in its clean text
    min_chars : with fewer it is near-empty
    """
    if clean_length < min_chars:
        return f"near-empty: {clean_length} letters and digits"
    sample = text[:SAMPLE]
    code = _is_code(sample)
    enough = 0.2 if code else PROSE
    prose = 0
    for match in _LINE.finditer(sample):
        start, end = match.span()
        if _SENTENCE.search(sample, start, end) and not (code and _is_code(match.group())):
            prose += end - start
            if prose / len(sample) >= enough:
                return None
    return "script, style sheet or data" if code else _navigation(sample)


def _is_code(text: str) -> bool:
    """Whether a text is dense with the marks of programs and has their phrases."""
    marks = sum(text.count(mark) for mark in _CODE_MARKS)
    if marks < 0.04 * len(text) or marks < 4:
        return False
    hits = sum(1 for _ in _CODE.finditer(text))
    return (hits >= 2 and hits * 150 >= len(text)) or marks >= 0.15 * len(text)


def _navigation(text: str) -> str | None:
    """Judge a text that holds hardly a sentence: a menu, or a list or table that means something."""
    items = [
        stripped
        for item in _SEPARATORS.split(_HAN_SPACE.sub("|", text))
        if (stripped := item.strip(BLANK_CHARACTERS + "[]【】()（）-—*#>◆★●■▪:：,，.。、"))
    ]
    if len(items) < 6:
        words = _WORD.findall(text)
        known = sum(len(m.group()) for m in _MENU.finditer(text))
        # A menu whose items are parted by single blanks only.
        if len(words) >= 8 and known >= 0.5 * len(text.replace(" ", "")):
            return "navigation: menu words only"
        return None
    known = sum(_MENU.match(item) is not None and len(item) <= 24 for item in items)
    short = sum(len(item) <= 12 or (len(_WORD.findall(item)) <= 4 and len(item) <= 40) for item in items)
    figures = sum(any(c in "0123456789" for c in item) for item in items)
    if short < 0.7 * len(items):
        return None
    if known >= max(3.0, 0.2 * len(items)):
        return f"navigation: {known} of {len(items)} items are menu words"
    # The same few items again and again, or nothing but short labels: no table has neither figures nor sentences.
    if len(items) >= 12 and figures <= 0.05 * len(items) and known >= 2:
        return f"navigation: {len(items)} short items without a sentence"
    return None
