"""Words of the grammar: the classes of `words.toml`, and the expressions that are built of them."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path


@cache
def _classes() -> dict[str, dict[str, object]]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


def words(name: str) -> list[str]:
    """Return the words of a class of `words.toml`, such as `predicate.up`, in its order."""
    section, _, key = name.partition(".")
    listed = _classes()[section][key]
    assert isinstance(listed, str)
    return listed.split()


def table(name: str) -> dict[str, str]:
    """Return a table of `words.toml`, such as `unit.words`."""
    section, _, key = name.partition(".")
    rows = _classes()[section][key]
    assert isinstance(rows, dict)
    return rows


def any_of(*names: str) -> str:
    """Return an alternation of the words of classes, the longest first, to stand in a regular expression."""
    found = {word for name in names for word in words(name)}
    return "|".join(sorted(map(re.escape, found), key=lambda w: (-len(w), w)))


def any_pattern(name: str) -> str:
    """Return an alternation of the expressions of a class of patterns, in its order."""
    return "|".join(words(name))


_DIGIT = "〇○零0OＯ一二三四五六七八九"
#: A year in Chinese numerals: 一九九五年, 二〇一二年, 九五年; 近八九年 is no year.
NUMERAL_YEAR = (
    rf"(?:(?:一九|二[〇○零0OＯ])[{_DIGIT}]{{2}}"
    r"|(?<![〇零○一二三四五六七八九十近约第])[八九][〇○零一二三四五六七八九])年"
)
_YEAR = rf"(?:(?:[0-9]{{4}}|[0189][0-9]|2[0-9]|[12][0-9][xX×*]{{1,2}}|[xX×*～]{{1,4}})年|{NUMERAL_YEAR})"
_SPAN = r"(?:[一两二三四五六七八九十几近数]|[0-9]{1,2})"
_MONTH = "[0-9一二三四五六七八九十]{1,2}"
#: An expression of time.
TIME = (
    r"(?:[0-9]{4}年?[、和][0-9]{4}年?[两三四五]年"
    rf"|(?:{_YEAR}|[0-9]{{4}})[一-龥]{{1,8}}以来"
    rf"|(?:截至|截止|到|至|从|自)?(?:{_YEAR}|[0-9]{{4}}(?=[-—－～至到][0-9]{{4}}年))"
    rf"(?:[-—－～至到](?:{_YEAR}|[0-9]{{2,4}}年?))?(?:{_MONTH}月(?:份|底|末)?)?"
    r"(?:末|底|初|度|上半年|下半年|全年|期间|时期|以来|来|前|内|间|的)*"
    r"|“[十一二三四五]{1,3}五?”(?:时期|期间|以来|末|期末|计划末|规划末|时|前|初)(?:的)?"
    rf"|(?:(?:过去|近|最近|今后|未来|这|前|本届政府)的?{_SPAN}(?:年|个月)(?:来|以来|间|中|内|里|时间|前)?"
    rf"|{_SPAN}(?:年|个月)(?:来|以来|间|中|内|里|前|(?=累计|共|平均|增长|实现|完成|新增|建成|引进|下降|提高|投入|解决|[，。])))"
    rf"|{_MONTH}[-—－～至到]?[0-9一二三四五六七八九十]{{0,2}}月(?:份|底|末)?"
    r"|今明两年|明后两?年|今年以来|(?:今年|去年|上年)(?:末|底|初)?|明年|前年|全年|年内|当年|本年度?|年末|年底|年初|上半年|下半年|前[一二三]季度|[一二三四]季度"
    r"|每年|近年来?|几年来|多年来|历年|截至目前|截至|截止|目前|至今|迄今|届时|期末|本届政府任期内|本届政府以来|任期内|同期"
    r"|当前|现阶段|日前|现在|眼下|近期|期间)"
)
#: First characters of `TIME`: a class in front lets the regex engine pass over the rest fast.
TIME_FIRST = "0-9*Xx×～“一七三上下两九二五今从任全八六几到前十历去同四多届年当截数日明最期未本现目眼自至迄过近这"
#: Whose figure it is.
SCOPE = "(?:全|本|我)(?:国|省|市|县|区|镇|乡|州|旗|盟|村|街道|街|场|园区|园)|辖区内?|境内"
#: Heads of indicators: a number behind such a word measures it, whatever noun follows.
HEAD = re.compile(f"(?:{any_pattern('name.head_patterns')})\\Z")
#: Measures that say nothing without what they measure.
BARE_HEAD = re.compile(f"(?:年|总|实现|完成)?(?:{any_of('name.bare_heads')})\\Z")
BARE_TOTAL = re.compile("(?:总数|总量|总额|数量|总计|存量|总面积|总里程|总长度)\\Z")
#: Money that is spent, as a verb or as a noun.
MONEY = (
    "(?:(?:先后|累计|共|再|又|总|计划|概算|财政|直接|预计|多方|自筹)*"
    "(?:投资|投入|筹资|筹措|筹集|安排|拨付|募集|集资|拨出|列支|争取|整合|落实)"
    "(?:各类|专项|财政|建设|项目|各级|上级)*(?:资金|经费|贷款)?|总投资|投资总额|投资额)"
)
